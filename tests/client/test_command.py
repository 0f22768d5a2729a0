"""The command `sentiq`, against the played service on a real port."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentiq.cli.exit_codes import ExitCode
from sentiq.cli.main import main
from tests.client.fake_service import FakeService, problem
from tests.client.serving import serve
from tests.servers import find_free_port
from tests.service import ROOT, wait_until

Run = Callable[..., int]


@pytest.fixture
def address(fake: FakeService) -> Iterator[str]:
    """Serve the played service."""
    with serve(fake) as url:
        yield url


@pytest.fixture
def run(address: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command in this process and returns its exit code."""

    def run_command(*arguments: str, url: str = address) -> int:
        monkeypatch.setenv("SENTIQ_URL", url)
        monkeypatch.setattr(sys, "argv", ["sentiq", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run_command


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Return a file of three reviews, of which one fails."""
    path = tmp_path / "reviews.csv"
    path.write_text("id,评论\n1,很好\n2,差\n3,坏了\n", encoding="utf-8")
    return path


def read_json(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_analyze_writes_one_line_of_json_a_text_into_a_pipe(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", "很好", "差") == 0

    assert [(row["text"], row["label"]) for row in read_json(capsys.readouterr().out)] == [
        ("很好", "positive"), ("差", "negative"),
    ]  # fmt: skip


def test_analyze_reads_lines_and_passes_over_blank_ones(
    run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("很好\n\n  \n差\n坏了\n"))

    assert run("analyze", "--batch-size", "2", "--strict") == ExitCode.TEXTS_FAILED

    assert [row["text"] for row in read_json(capsys.readouterr().out)] == ["很好", "差", "坏了"]
    assert len(fake.sent) == 2


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
    job_id = capsys.readouterr().out.strip()

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


def test_results_that_break_go_on_by_themselves(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("submit", str(reviews), "--text-column", "评论", "--json")
    job_id = read_json(capsys.readouterr().out)[0]["id"]
    fake.cuts = deque([250, 300])

    assert run("results", job_id) == 0

    assert [row["index"] for row in read_json(capsys.readouterr().out)] == [0, 1, 2]


def test_jobs_show_and_cancel(run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str], reviews: Path) -> None:
    assert run("jobs") == 0
    assert "There are no jobs." in capsys.readouterr().err
    fake.speed = 1
    run("submit", str(reviews), "--text-column", "评论", "--no-wait")
    job_id = capsys.readouterr().out.strip()

    assert run("jobs", "--json") == 0
    assert read_json(capsys.readouterr().out)[0]["id"] == job_id
    assert run("show", job_id) == 0
    assert job_id in (shown := capsys.readouterr().out)
    assert "1/3" in shown
    assert run("cancel", job_id, "--json") == 0
    assert read_json(capsys.readouterr().out)[0]["state"] == "cancelled"
    assert run("show", job_id, "--wait") == ExitCode.NOT_COMPLETED


def test_report_counts_and_draws(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,店\n很好,东\n差,西\n好,东\n", encoding="utf-8")
    run("submit", str(path), "--json")
    job_id = read_json(capsys.readouterr().out)[0]["id"]
    page, picture = tmp_path / "r.html", tmp_path / "r.png"

    assert run("report", job_id, "--by", "店", "--html", str(page), "--png", str(picture)) == 0
    shown = capsys.readouterr().out
    assert "positive" in shown
    assert "东" in shown
    assert "█" in shown
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert picture.read_bytes().startswith(b"\x89PNG")

    assert run("report", job_id, "--by", "店", "--json") == 0
    (summary,) = read_json(capsys.readouterr().out)
    assert summary["groups"][0] == {"value": "东", "labels": {"positive": 2}}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "key_missing", ExitCode.NOT_ALLOWED),
        (403, "scope_missing", ExitCode.NOT_ALLOWED),
        (404, "job_not_found", ExitCode.NOT_FOUND),
        (410, "results_purged", ExitCode.REFUSED),
        (422, "validation_error", ExitCode.REFUSED),
        (500, "internal_error", ExitCode.UNEXPECTED),
    ],
)
@pytest.mark.parametrize("language", ["zh_CN.UTF-8", "en_US.UTF-8"])
def test_each_refusal_has_its_exit_code_and_one_kind_line(
    run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: int,
    code: str, expected: ExitCode, language: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LANG", language)
    fake.replies.append(problem(status, code, "What the service says."))

    assert run("jobs") == expected

    said = capsys.readouterr().err
    assert said.startswith("sentiq: ")
    assert "What the service says." in said
    assert code in said
    assert "Traceback" not in said
    assert any("\u4e00" <= character <= "\u9fff" for character in said) == language.startswith("zh")


def test_nobody_there_says_so_and_that_it_may_be_tried_again(capsys: pytest.CaptureFixture[str], run: Run) -> None:
    assert run("--attempts", "1", "jobs", "--json", url=f"http://127.0.0.1:{find_free_port()}") == ExitCode.TRY_AGAIN

    assert json.loads(capsys.readouterr().err)["exit_code"] == ExitCode.TRY_AGAIN


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit", "absent.csv"],
        ["submit", "reviews.doc"],
        ["submit", "reviews.csv", "--out", "scored.doc"],
        ["submit", "reviews.csv", "--neutral-band", "most"],
        ["submit", "reviews.csv", "--deadline", "tomorrow"],
        ["submit", "reviews.csv", "--deadline", "2030-01-01T00:00:00"],
        ["submit", "reviews.csv", "--expires-after", "1w"],
        ["submit", "reviews.csv", "--metadata", "novalue"],
        ["show", "17"],
        ["show"],
        ["nonsense"],
        ["--key-file", "absent.key", "jobs"],
        ["listen"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_and_nothing_is_sent(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(reviews.parent)
    (reviews.parent / "reviews.doc").touch()
    monkeypatch.delenv("SENTIQ_WEBHOOK_SECRET", raising=False)

    assert run(*arguments) == ExitCode.USAGE

    assert capsys.readouterr().err
    assert fake.sent == []


def test_a_folder_that_is_not_there_is_said_before_the_work_is_done(
    run: Run, fake: FakeService, reviews: Path, tmp_path: Path
) -> None:
    assert run("submit", str(reviews), "--out", str(tmp_path / "no" / "a.csv")) == ExitCode.NOT_WRITTEN
    assert fake.sent == []


def test_a_key_comes_from_a_file(run: Run, fake: FakeService, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sentiq_k\n")

    assert run("--key-file", str(tmp_path / "key"), "jobs") == 0

    assert fake.sent[0].headers["authorization"] == "Bearer sentiq_k"


@pytest.mark.parametrize(("language", "word"), [("zh_CN.UTF-8", "提交一个文件"), ("en_US.UTF-8", "Submit a file")])
def test_help_speaks_the_language_of_the_locale(language: str, word: str) -> None:
    for command in ([], ["submit"]):
        shown = subprocess.run(
            [sys.executable, "-m", "sentiq.cli", *command, "--help"],
            env=make_environment("", LANG=language, COLUMNS="200"), capture_output=True, encoding="utf-8", check=True,
        ).stdout  # fmt: skip

        assert word in shown


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(
    fake: FakeService, address: str, reviews: Path
) -> None:
    fake.speed = 0
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", "submit", str(reviews), "--text-column", "评论", "--out", "scored.csv"],
        env=make_environment(address), stderr=subprocess.PIPE, encoding="utf-8", cwd=reviews.parent,
    )  # fmt: skip
    wait_until(lambda: sum(sent.method == "GET" for sent in fake.sent) > 2, 60, "the command's waiting")

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == ExitCode.INTERRUPTED
    (job_id,) = fake.jobs
    assert f"sentiq results {job_id} --out scored.csv" in said
    assert not fake.jobs[job_id].is_cancelled
    assert "Traceback" not in said


def make_environment(url: str, **more: str) -> dict[str, str]:
    return os.environ | {"SENTIQ_URL": url, "PYTHONPATH": str(ROOT / "client" / "src")} | more


def test_a_terminal_shows_progress_rate_time_left_and_labels(fake: FakeService, address: str, tmp_path: Path) -> None:
    fake.speed = 2
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "很好\n差\n" * 3, encoding="utf-8")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", "submit", str(path)],
        env=make_environment(address, COLUMNS="160", TERM="xterm"), stderr=follower,
    )  # fmt: skip
    os.close(follower)

    said = "".join(read_terminal(leader))

    assert process.wait(30) == 0
    for word in ("scoring", "2 / 6", "12 texts/s", "4s left", "positive 3", "6 texts, 6 succeeded"):
        assert word in said, said


def read_terminal(leader: int) -> Iterator[str]:
    with os.fdopen(leader, "rb") as file:
        while True:
            try:
                data = file.read1()
            except OSError:  # how Linux says that the other end is closed
                return
            if not data:
                return
            yield data.decode(errors="replace")


def test_the_version_needs_no_service(run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0

    assert len(capsys.readouterr().out.strip()) > 2
    assert fake.sent == []
