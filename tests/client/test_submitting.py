"""What is sent when texts are submitted, and how often."""

import json
from datetime import UTC, datetime

import pytest

from sentiq import Client, Conflict, InputUnusable, RequestRefused, TooManyRequests
from sentiq.operations import MAX_JSON_TEXTS
from tests.client.conftest import QUICK
from tests.client.fake_service import FakeService, problem


def test_texts_become_one_json_body_with_the_options_that_were_given(fake: FakeService, client: Client) -> None:
    deadline = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)

    job = client.submit(
        ["很好", {"text": "一般", "id": "b", "metadata": {"shop": "A"}}],
        model="m", neutral_band=0.8, metadata={"batch": 1}, deadline=deadline, webhook_url="https://h.example/x",
        webhook_events=["job.completed"], expires_after=None,
    )  # fmt: skip

    assert job.counts.total == 2
    assert json.loads(fake.sent[0].body) == {
        "texts": ["很好", {"text": "一般", "id": "b", "metadata": {"shop": "A"}}],
        "model": "m", "neutral_band": 0.8, "metadata": {"batch": 1}, "deadline": "2030-01-02T03:04:00+00:00",
        "webhook": {"url": "https://h.example/x", "events": ["job.completed"]},
    }  # fmt: skip
    assert "很好" in fake.sent[0].body.decode()


def test_each_submission_has_a_key_of_its_own_and_keeps_it_when_sent_again(fake: FakeService, client: Client) -> None:
    fake.replies.extend([problem(503, "database_unavailable", "Away."), None, None])

    first, second = client.submit(["好"]), client.submit(["好"])

    keys = [sent.headers["idempotency-key"] for sent in fake.sent]
    assert keys[0] == keys[1] != keys[2]
    assert first.id != second.id


def test_a_key_of_the_callers_own_finds_the_first_job_again(client: Client) -> None:
    first = client.submit(["好"], idempotency_key="mine")
    again = client.submit(["好"], idempotency_key="mine")

    assert first.id == again.id


def test_who_sends_with_a_key_still_in_use_waits_for_the_first_request(fake: FakeService, client: Client) -> None:
    fake.replies.append(problem(409, "idempotency_key_in_use", "Wait.", {"Retry-After": "0"}))

    client.submit(["好"])

    assert len(fake.sent) == 2


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_pass_is_tried_again(fake: FakeService, client: Client, status: int) -> None:
    fake.replies.append(problem(status, "temporarily_unavailable", "Later."))

    assert client.submit(["好"]).counts.total == 1


def test_what_is_refused_for_good_is_not_tried_again(fake: FakeService, client: Client) -> None:
    fake.replies.append(
        problem(
            422, "validation_error", "No.", errors=[{"code": "text_blank", "detail": "Empty.", "pointer": "/texts/0"}]
        )
    )

    with pytest.raises(RequestRefused) as caught:
        client.submit([" "])

    assert len(fake.sent) == 1
    assert caught.value.problem.errors[0].pointer == "/texts/0"
    assert "/texts/0: Empty." in str(caught.value)


def test_a_quota_without_a_time_to_come_back_is_final(fake: FakeService, client: Client) -> None:
    fake.replies.append(problem(429, "quota_exceeded", "Too many at once."))

    with pytest.raises(TooManyRequests):
        client.submit(["好"])

    assert len(fake.sent) == 1


def test_after_the_last_try_the_error_of_the_service_is_raised(fake: FakeService, client: Client) -> None:
    fake.replies.extend([problem(429, "queue_full", "Full.", {"Retry-After": "0"})] * QUICK.attempts)

    with pytest.raises(TooManyRequests) as caught:
        client.submit(["好"])

    assert (caught.value.code, caught.value.retry_after_seconds) == ("queue_full", 0.0)
    assert len(fake.sent) == QUICK.attempts


def test_an_upload_that_the_service_saw_broken_off_is_sent_again(fake: FakeService, client: Client) -> None:
    fake.replies.append(problem(400, "upload_interrupted", "Send it again."))

    assert client.submit(text for text in ["好"]).counts.total == 1
    assert len({sent.headers["idempotency-key"] for sent in fake.sent}) == 1


def test_another_conflict_is_not_tried_again(fake: FakeService, client: Client) -> None:
    job = client.submit(["好"])
    fake.replies.append(problem(409, "job_already_finished", "Over."))

    with pytest.raises(Conflict):
        job.cancel()


@pytest.mark.parametrize("texts", [[3], [{"text": {1}}], [{"text": float("nan")}]])
def test_what_is_no_text_is_refused_before_it_is_sent(fake: FakeService, client: Client, texts: list[object]) -> None:
    with pytest.raises(InputUnusable):
        client.submit(texts)  # type: ignore[arg-type]

    assert fake.sent == []


@pytest.mark.parametrize("source", [{"text": "好"}, {}])
def test_one_text_in_place_of_a_list_is_refused(fake: FakeService, client: Client, source: dict[str, str]) -> None:
    with pytest.raises(InputUnusable, match="list of one"):
        client.submit(source)
    with pytest.raises(InputUnusable, match="list of one"):
        client.analyze_many("很好")

    assert fake.sent == []


@pytest.mark.parametrize("key", ["订单42", "a\nb", " a"])
def test_a_key_that_no_header_can_carry_is_refused(fake: FakeService, client: Client, key: str) -> None:
    with pytest.raises(InputUnusable, match="idempotency key"):
        client.submit(["好"], idempotency_key=key)

    assert fake.sent == []


def test_options_of_files_do_not_go_with_texts(client: Client) -> None:
    for texts in (["好"], ["好"] * (MAX_JSON_TEXTS + 1), iter(["好"])):
        with pytest.raises(InputUnusable, match="text_column"):
            client.submit(texts, text_column="评论")


def test_a_deadline_without_its_zone_is_refused(client: Client) -> None:
    with pytest.raises(InputUnusable, match="time zone"):
        client.submit(["好"], deadline=datetime(2030, 1, 1))  # noqa: DTZ001


def test_analyze_waits_for_the_result(fake: FakeService, client: Client) -> None:
    result = client.analyze("服务很好")

    assert (result.label, result.score) == ("positive", 0.9)
    assert fake.sent[0].headers["prefer"] == "wait=20"
    assert "idempotency-key" in fake.sent[0].headers
