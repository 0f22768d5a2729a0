"""How long the client waits before it tries again."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from sentiq import AnswerUnreadable, Client, ConnectionFailed, NotFound, RetryPolicy, ServiceUnavailable
from sentiq.answers import read_retry_after
from sentiq.environment import Language
from sentiq.errors import SentiqError, make_api_error
from sentiq.models import Problem
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, Reply, problem
from tests.servers import find_free_port

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
POLICY = RetryPolicy()


def refuse(status: int = 503, retry_after: float | None = None) -> SentiqError:
    return make_api_error(Problem(status=status, code="c", detail="d"), retry_after)


def test_pauses_double_up_to_the_longest_and_half_of_each_is_chance() -> None:
    longest = [0.5, 1, 2, 4, 8, 16, 30]

    for _ in range(50):
        pauses = [POLICY.plan_pause(ConnectionFailed("connection_broke", url="u", reason="r"), n) for n in range(1, 8)]
        assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True))


def test_the_pause_is_never_shorter_than_the_service_asks_for() -> None:
    pauses = [POLICY.plan_pause(refuse(429, retry_after=20), 1) for _ in range(50)]

    assert min(pauses) >= 20
    assert max(pauses) <= 21


def test_a_pause_that_is_too_long_to_sit_out_is_an_error_that_names_it() -> None:
    with pytest.raises(SentiqError) as caught:
        POLICY.plan_pause(refuse(429, retry_after=3_600), 1)

    assert getattr(caught.value, "retry_after_seconds", None) == 3_600
    assert "3600 s" in str(caught.value)


@pytest.mark.parametrize("error", [refuse(422), refuse(500), AnswerUnreadable("answer_unreadable", body="")])
def test_what_does_not_pass_is_raised_at_once(error: SentiqError) -> None:
    with pytest.raises(SentiqError):
        POLICY.plan_pause(error, 1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("Sat, 31 Jan 2026 08:00:30 GMT", 30.0),
        ("Sat, 31 Jan 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert read_retry_after({"retry-after": value}, NOW) == seconds


def test_nobody_there_is_said_with_the_address() -> None:
    url = f"http://127.0.0.1:{find_free_port()}"

    retries = RetryPolicy(attempts=2, first_pause_seconds=0.001)
    with Client(url, retries=retries) as client, pytest.raises(ConnectionFailed, match=url):
        client.analyze("好")


def test_the_words_of_a_proxy_are_shown(fake: FakeService, client: Client) -> None:
    fake.replies.extend([Reply(502, {}, b"<html>Bad Gateway</html>")] * 4)

    with pytest.raises(ServiceUnavailable, match="Bad Gateway"):
        client.analyze("好")


def test_the_words_of_a_proxy_are_explained_in_chinese_too(fake: FakeService, client: Client) -> None:
    fake.replies.append(Reply(404, {}, b""))

    with pytest.raises(NotFound) as caught:
        client.job(UUID(int=1))

    assert "中间有代理吗" in caught.value.tell(Language.CHINESE)


def test_an_address_that_leads_elsewhere_is_said(fake: FakeService, client: Client) -> None:
    fake.replies.append(Reply(308, {"Location": "https://sentiq.test/"}))

    with pytest.raises(AnswerUnreadable, match=r"https://sentiq\.test/"):
        client.analyze("好")


def test_something_else_at_the_address_is_said(fake: FakeService, client: Client) -> None:
    fake.replies.append(Reply(200, {}, b"<html>Welcome to nginx</html>"))

    with pytest.raises(AnswerUnreadable, match="Welcome to nginx"):
        client.analyze("好")


def test_who_wants_to_know_is_told_of_every_retry(fake: FakeService) -> None:
    told: list[tuple[str, float]] = []
    retries = replace(QUICK, on_retry=lambda error, seconds: told.append((str(error), seconds)))
    fake.replies.extend([problem(503, "database_unavailable", "Away.")] * 2)

    with Client(ADDRESS, transport=fake.transport, retries=retries) as client:
        job = client.submit(["好"])
        fake.cuts = deque([3])
        list(job.results())

    assert ["Away." in what or "cut off" in what for what, _ in told] == [True] * 3
    assert all(0 < seconds < 1 for _, seconds in told)


def test_a_job_that_a_lost_request_has_removed_is_removed(fake: FakeService, client: Client) -> None:
    job = client.submit(["好"])
    fake.jobs.clear()
    fake.replies.append(Reply(502, {}, b"Bad Gateway"))

    job.delete()

    with pytest.raises(NotFound):
        job.delete()
