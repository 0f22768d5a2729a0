"""What is sent when texts are submitted, and how often."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentiq import Client, Conflict, InputUnusable, RequestRefused, TooManyRequests
from sentiq.operations import MAX_JSON_TEXTS
from tests.client.conftest import ADDRESS, QUICK
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


def test_a_file_is_sent_as_it_lies_there_with_its_options_in_the_address(
    fake: FakeService, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "评论.csv"
    path.write_bytes("id,评论,shop\n1,很好,A\n2,一般,B\n".encode())

    job = client.submit(path, text_column="评论", max_bad_rows=5, neutral_band=True, metadata={"批次": 1})

    sent = fake.sent[0]
    assert sent.body == path.read_bytes()
    assert sent.headers["content-type"] == "text/csv"
    assert sent.headers["content-length"] == str(path.stat().st_size)
    assert sent.params == {
        "text_column": "评论", "max_bad_rows": "5", "neutral_band": "true", "metadata": '{"批次":1}',
        "filename": "评论.csv",
    }  # fmt: skip
    assert [result.metadata for result in job.wait().results()] == [{"shop": "A"}, {"shop": "B"}]


@pytest.mark.parametrize(
    ("name", "content_type", "encoding"),
    [
        ("a.jsonl", "application/x-ndjson", None),
        ("a.NDJSON.gz", "application/x-ndjson", "gzip"),
        ("a.tsv.zst", "text/tab-separated-values", "zstd"),
        ("a.parquet", "application/vnd.apache.parquet", None),
    ],
)
def test_the_name_tells_the_kind_of_a_file(
    fake: FakeService, client: Client, tmp_path: Path, name: str, content_type: str, encoding: str | None
) -> None:
    (tmp_path / name).write_bytes(b"x")
    fake.replies.append(problem(415, "content_type_unsupported", "Only to look at what is sent."))

    with pytest.raises(RequestRefused):
        client.submit(tmp_path / name)

    assert fake.sent[0].headers["content-type"] == content_type
    assert fake.sent[0].headers.get("content-encoding") == encoding


def test_the_encoding_of_a_file_can_be_told(fake: FakeService, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nok\n")

    client.submit(path, charset="gb18030")

    assert fake.sent[0].headers["content-type"] == "text/csv; charset=gb18030"
    assert "charset" not in fake.sent[0].params


@pytest.mark.parametrize(("name", "words"), [("absent.csv", "There is no file"), ("reviews.doc", "must end in one of")])
def test_a_file_that_cannot_be_sent_is_said_before_anything_is(
    fake: FakeService, client: Client, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(InputUnusable, match=words):
        client.submit(str(tmp_path / name))

    assert fake.sent == []


def test_many_texts_and_iterators_go_as_ndjson_and_again_after_a_failure(fake: FakeService, client: Client) -> None:
    def generate() -> Iterator[str]:
        yield from ("好", "坏")

    many = ["好"] * (MAX_JSON_TEXTS + 1)
    fake.replies.extend([problem(503, "database_unavailable", "Away."), None, problem(503, "x", "Away."), None])

    assert client.submit(many).counts.total == len(many)
    assert client.submit(generate()).counts.total == 2
    assert {sent.headers["content-type"] for sent in fake.sent} == {"application/x-ndjson"}
    assert fake.sent[2].body == fake.sent[3].body == '"好"\n"坏"\n'.encode()


def test_the_upload_is_told_of_as_it_goes(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'"ok"\n' * 200_000)
    told: list[tuple[int, int | None]] = []

    client.submit(path, on_upload=lambda sent, size: told.append((sent, size)))

    size = path.stat().st_size
    assert told[-1] == (size, size)
    assert len(told) > 2
    assert told == sorted(told)


@pytest.mark.parametrize("texts", [[3], [{"text": {1}}], [{"text": float("nan")}]])
def test_what_is_no_text_is_refused_before_it_is_sent(fake: FakeService, client: Client, texts: list[object]) -> None:
    with pytest.raises(InputUnusable):
        client.submit(texts)  # type: ignore[arg-type]

    assert fake.sent == []


def test_options_of_files_do_not_go_with_texts(client: Client) -> None:
    with pytest.raises(InputUnusable, match="text_column"):
        client.submit(["好"], text_column="评论")


def test_a_deadline_without_its_zone_is_refused(client: Client) -> None:
    with pytest.raises(InputUnusable, match="time zone"):
        client.submit(["好"], deadline=datetime(2030, 1, 1))  # noqa: DTZ001


def test_analyze_waits_for_the_result(fake: FakeService, client: Client) -> None:
    result = client.analyze("服务很好")

    assert (result.label, result.score) == ("positive", 0.9)
    assert fake.sent[0].headers["prefer"] == "wait=20"
    assert "idempotency-key" in fake.sent[0].headers


def test_the_key_of_the_api_goes_with_every_request_and_never_into_a_message(fake: FakeService) -> None:
    with Client(ADDRESS, "sentiq_secret", transport=fake.transport, retries=QUICK) as client:
        client.analyze("好")

        assert fake.sent[0].headers["authorization"] == "Bearer sentiq_secret"
        assert "sentiq_secret" not in repr(vars(client))


def test_address_and_key_come_from_the_environment(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIQ_URL", "http://elsewhere.test/prefix")
    monkeypatch.setenv("SENTIQ_API_KEY", "k")
    fake.replies.append(problem(404, "not_found", "Nothing here."))

    with Client(transport=fake.transport) as client, pytest.raises(Exception, match="Nothing here"):
        client.analyze("好")

    assert (fake.sent[0].path, fake.sent[0].headers["authorization"]) == ("/prefix/v1/jobs", "Bearer k")


@pytest.mark.parametrize("url", ["localhost:7860", "ftp://a", "http://", ""])
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(InputUnusable, match="no address"):
        Client(url or "//")


def test_a_key_with_a_line_end_in_it_is_said_without_showing_it() -> None:
    with pytest.raises(InputUnusable) as caught:
        Client(ADDRESS, "sentiq_a\nb")

    assert "sentiq_a" not in str(caught.value)
