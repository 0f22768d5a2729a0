"""Reading results of any number, whole, from connections that break."""

from collections import deque
from itertools import islice
from pathlib import Path

import httpx
import pytest

from sentiq import (
    AnswerUnreadable,
    Client,
    ConnectionFailed,
    FormatUnavailable,
    InputUnusable,
    Job,
    OutputUnwritable,
    TextState,
)
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, Reply, present_result, problem, write_rows

TEXTS = ["好一", "坏二", "坏了", '好"四', "好\n五", "六"]


@pytest.fixture
def job(client: Client) -> Job:
    """Return a job that is done."""
    return client.submit([{"text": text, "metadata": {"index": "mine"}} for text in TEXTS]).wait()


def measure(fake: FakeService, job: Job, kind: str) -> int:
    """Return how many bytes the results take."""
    done = fake.jobs[str(job.id)]
    return len(write_rows([present_result(done, index) for index in range(len(TEXTS))], kind, bom=False)[0])


def test_results_come_in_input_order_with_what_the_caller_sent(job: Job) -> None:
    results = list(job.results())

    assert [(result.index, result.text) for result in results] == list(enumerate(TEXTS))
    assert results[2].error is not None
    assert results[2].error.code == "scoring_failed"
    assert results[0].metadata == {"index": "mine"}


def test_a_stream_cut_at_any_byte_goes_on_behind_the_last_whole_result(fake: FakeService, job: Job) -> None:
    for cut in range(measure(fake, job, "ndjson")):
        fake.cuts = deque([cut])

        assert [result.text for result in job.results()] == TEXTS, cut


def test_a_stream_that_breaks_again_and_again_arrives_if_it_gets_on(fake: FakeService, job: Job) -> None:
    line = measure(fake, job, "ndjson") // len(TEXTS)
    fake.cuts = deque([line * 3 // 2] * (QUICK.attempts + 1))

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))


def test_a_stream_that_never_gets_on_is_given_up(fake: FakeService, job: Job) -> None:
    fake.cuts = deque([3] * 100)

    with pytest.raises(ConnectionFailed):
        list(job.results())

    assert len(fake.cuts) == 100 - QUICK.attempts


def test_a_stream_that_ends_too_early_without_a_word_goes_on(fake: FakeService, job: Job) -> None:
    done = fake.jobs[str(job.id)]
    body, kind = write_rows([present_result(done, index) for index in range(2)], "ndjson", bom=False)
    fake.replies.append(Reply(200, {"Content-Type": kind}, body))

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))


def test_a_stream_that_always_ends_too_early_is_not_taken_for_the_whole(fake: FakeService, job: Job) -> None:
    done = fake.jobs[str(job.id)]
    body, kind = write_rows([present_result(done, index) for index in range(2)], "ndjson", bom=False)
    fake.replies.extend([Reply(200, {"Content-Type": kind}, body)] + [Reply(200, {"Content-Type": kind})] * 100)

    with pytest.raises(ConnectionFailed, match="before their end"):
        list(job.results())


def test_results_are_read_as_they_are_asked_for(fake: FakeService, job: Job) -> None:
    before = len(fake.sent)
    results = job.results()
    assert len(fake.sent) == before

    assert [result.index for result in islice(results, 2)] == [0, 1]
    assert len(fake.sent) == before + 1


def test_reading_can_begin_behind_an_index_and_with_one_state(fake: FakeService, job: Job) -> None:
    assert [result.index for result in job.results(after=3)] == [4, 5]
    assert [result.index for result in job.results(state=TextState.FAILED)] == [2]


def test_a_service_without_formats_is_read_page_by_page(fake: FakeService, job: Job) -> None:
    fake.speaks_formats = False
    fake.replies.extend([None, problem(503, "database_unavailable", "Away.")])

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))
    assert [result.index for result in job.results(after=3)] == [4, 5]
    assert [result.index for result in job.results(state=TextState.FAILED)] == [2]


def test_results_of_a_running_job_can_be_read(fake: FakeService, client: Client) -> None:
    fake.speed = 1
    job = client.submit(["好", "好"])
    job.refresh()

    assert [result.state for result in job.results()] == ["succeeded", "queued"]


@pytest.mark.parametrize("bom", [False, True])
def test_a_csv_cut_at_any_byte_is_whole_in_the_end(fake: FakeService, job: Job, tmp_path: Path, bom: bool) -> None:
    whole = job.download(tmp_path / "whole.csv", bom=bom).read_bytes()
    assert whole.startswith(b"\xef\xbb\xbf" if bom else b"id,")

    for cut in range(0, len(whole), 3):
        fake.cuts = deque([cut])

        assert job.download(tmp_path / "scored.csv", bom=bom).read_bytes() == whole, cut


def test_ndjson_is_written_even_if_the_service_has_no_formats(fake: FakeService, job: Job, tmp_path: Path) -> None:
    there = job.download(tmp_path / "a.ndjson").read_text(encoding="utf-8")
    fake.speaks_formats = False

    assert job.download(tmp_path / "b.jsonl").read_text(encoding="utf-8") == there
    assert len(there.splitlines()) == len(TEXTS)


def test_a_table_from_a_service_without_formats_is_an_error_that_says_what_works(
    fake: FakeService, job: Job, tmp_path: Path
) -> None:
    fake.speaks_formats = False

    with pytest.raises(FormatUnavailable, match="ndjson"):
        job.download(tmp_path / "scored.csv")

    assert list(tmp_path.glob("scored*")) == []


def test_what_cannot_be_cut_begins_anew(fake: FakeService, job: Job, tmp_path: Path) -> None:
    whole = job.download(tmp_path / "whole.xlsx").read_bytes()
    fake.cuts = deque([40])

    assert job.download(tmp_path / "scored.xlsx").read_bytes() == whole
    assert "after" not in fake.sent[-1].params


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_file_that_ends_too_early_without_a_word_is_not_taken_for_the_whole(
    fake: FakeService, job: Job, tmp_path: Path, suffix: str
) -> None:
    done = fake.jobs[str(job.id)]
    whole, kind = write_rows([present_result(done, index) for index in range(len(TEXTS))], suffix, bom=False)
    cut = whole.index(b"\n") + 1 if suffix == "csv" else len(whole) - 1
    fake.replies.append(Reply(200, {"Content-Type": kind}, whole[:cut]))

    assert job.download(tmp_path / f"scored.{suffix}").read_bytes() == whole


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_page_in_between_is_not_taken_for_a_file(fake: FakeService, job: Job, tmp_path: Path, suffix: str) -> None:
    fake.replies.append(Reply(200, {"Content-Type": "text/html"}, b"<html>Please log in\n</html>\n"))

    with pytest.raises(AnswerUnreadable, match="text/html"):
        job.download(tmp_path / f"scored.{suffix}")

    assert list(tmp_path.glob("scored*")) == []


def test_a_workbook_which_is_written_before_it_is_sent_may_take_longer(fake: FakeService, tmp_path: Path) -> None:
    patience: dict[str | None, float] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        patience[request.url.params.get("format")] = request.extensions["timeout"]["read"]
        return fake.transport.handle_request(request)

    with Client(ADDRESS, transport=httpx.MockTransport(answer), retries=QUICK) as client:
        job = client.submit(["好"]).wait()
        job.download(tmp_path / "scored.csv")
        job.download(tmp_path / "scored.xlsx")

    assert patience["csv"] == 60
    assert patience["xlsx"] >= 600


def test_a_failed_download_leaves_the_file_of_before(fake: FakeService, job: Job, tmp_path: Path) -> None:
    path = tmp_path / "scored.csv"
    path.write_text("before")
    fake.cuts = deque([3] * 100)

    with pytest.raises(ConnectionFailed):
        job.download(path)

    assert [file.name for file in tmp_path.glob("scored*")] == ["scored.csv"]
    assert path.read_text() == "before"


def test_a_file_that_cannot_be_written_is_said(job: Job, tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable, match=r"scored\.csv"):
        job.download(tmp_path / "absent" / "scored.csv")
    with pytest.raises(InputUnusable, match=r"\.csv"):
        job.download(tmp_path / "scored.doc")
