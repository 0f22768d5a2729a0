"""`sentiq submit`, against the played service on a real port."""

from pathlib import Path

import pytest

from sentiq.cli.exit_codes import ExitCode
from tests.client.commands import Run, read_json
from tests.client.fake_service import FakeService, as_json, problem
from tests.client.serving import serve


def test_submit_follows_the_job_and_writes_the_file(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = reviews.with_name("scored.csv")

    assert run("submit", str(reviews), "--text-column", "评论", "--out", str(out), "--metadata", "run=1") == 0

    said = capsys.readouterr()
    assert out.read_text(encoding="utf-8").count("\n") == 4
    assert (said.out, "\n\n" in said.err) == ("", False)
    assert "3 texts, 2 succeeded, 1 failed" in said.err
    assert "positive 1 · negative 1" in said.err
    assert fake.sent[0].params["metadata"] == '{"run":"1"}'


def test_submit_tells_programs_in_json_and_by_exit_code(
    run: Run, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("submit", str(reviews), "--text-column", "评论", "--json", "--strict") == ExitCode.TEXTS_FAILED

    (job,) = read_json(capsys.readouterr().out)
    assert (job["state"], job["labels"], job["counts"]["failed"]) == ("completed", {"positive": 1, "negative": 1}, 1)


def test_no_wait_prints_the_job_and_resume_comes_back_to_it(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--text-column", "评论")
    assert run("submit", str(reviews), *options, "--no-wait") == 0
    said = capsys.readouterr()
    job_id = said.out.strip()
    assert f"sentiq results {job_id} --out results.csv\n" in said.err

    assert run("submit", str(reviews), *options, "--resume", "--json") == 0
    assert read_json(capsys.readouterr().out)[0]["id"] == job_id

    assert run("submit", str(reviews), *options, "--resume", "--json") == 0  # it is finished, so this is a new one
    assert read_json(capsys.readouterr().out)[0]["id"] != job_id
    assert len(fake.jobs) == 2


def test_a_file_that_has_changed_is_another_submission(run: Run, fake: FakeService, reviews: Path) -> None:
    assert run("submit", str(reviews), "--text-column", "评论", "--no-wait") == 0
    reviews.write_text("id,评论\n1,很好\n", encoding="utf-8")

    assert run("submit", str(reviews), "--text-column", "评论", "--resume") == 0

    assert len(fake.jobs) == 2


def test_a_submission_whose_job_is_gone_begins_anew(run: Run, fake: FakeService, reviews: Path) -> None:
    assert run("submit", str(reviews), "--text-column", "评论", "--no-wait") == 0
    fake.jobs.clear()
    fake.keys.clear()

    assert run("submit", str(reviews), "--text-column", "评论", "--resume") == 0

    assert len(fake.jobs) == 1


def test_an_upload_that_breaks_goes_on_by_itself_under_its_key(
    fake: FakeService, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "big.ndjson"
    path.write_bytes('"好"\n'.encode() * 200_000)

    with serve(fake, cut_uploads_after=[1_000, 700_000]) as url:
        assert run("submit", str(path), "--no-wait", url=url) == 0

    assert [job.texts[-1]["text"] for job in fake.jobs.values()] == ["好"]
    assert "200,000 texts" in capsys.readouterr().err


def test_a_job_whose_results_were_deleted_since_is_submitted_anew(run: Run, fake: FakeService, reviews: Path) -> None:
    options = ("--text-column", "评论", "--out", str(reviews.with_name("scored.csv")))
    assert run("submit", str(reviews), *options, "--no-wait") == 0
    (first,) = fake.jobs.values()
    fake.replies.append(as_json(fake.present(first) | {"state": "completed", "purged_at": "2026-02-28T08:00:00Z"}))

    assert run("submit", str(reviews), *options, "--resume") == 0

    assert len(fake.jobs) == 2
    assert reviews.with_name("scored.csv").exists()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(410, "results_purged", ExitCode.REFUSED), (404, "job_not_found", ExitCode.NOT_FOUND)],
)
def test_results_that_vanish_are_not_said_to_be_written(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str], status: int, code: str,
    expected: ExitCode,
) -> None:  # fmt: skip
    out = reviews.with_name("scored.csv")
    assert run("submit", str(reviews), "--text-column", "评论", "--no-wait") == 0
    fake.refusal = problem(status, code, "Gone.")
    capsys.readouterr()

    assert run("submit", str(reviews), "--text-column", "评论", "--resume", "--out", str(out)) == expected

    said = capsys.readouterr().err
    assert not out.exists()
    assert "results are in" not in said
    assert "To fetch" not in said
