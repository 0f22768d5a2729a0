"""The command `sentiq`, against the played service on a real port."""

import io
import json
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from sentiq.cli.exit_codes import ExitCode
from tests.client.commands import Run, make_environment, read_json
from tests.client.fake_service import FakeService, problem
from tests.servers import find_free_port


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

    assert run("report", job_id, "--by", "商店") == ExitCode.USAGE
    assert "店" in capsys.readouterr().err.rpartition(":")[2]
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


@pytest.mark.parametrize(("language", "words"), [("zh_CN.UTF-8", "秒后重试"), ("en_US.UTF-8", "trying again in 1 s")])
def test_a_pause_before_another_try_is_told(
    run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str,
    words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LANG", language)
    fake.replies.append(problem(503, "database_unavailable", "Away.", {"Retry-After": "1"}))

    assert run("jobs") == 0

    assert words in capsys.readouterr().err


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


def test_the_version_needs_no_service(run: Run, fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0

    assert len(capsys.readouterr().out.strip()) > 2
    assert fake.sent == []
