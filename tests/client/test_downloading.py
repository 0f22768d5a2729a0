"""Results become a file, whole or not at all."""

from collections import deque
from pathlib import Path

import httpx
import pytest

from sentiq import AnswerUnreadable, Client, ConnectionFailed, FormatUnavailable, InputUnusable, Job, OutputUnwritable
from tests.client.conftest import ADDRESS, QUICK, TEXTS
from tests.client.fake_service import FakeService, Reply, present_result, write_rows


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
