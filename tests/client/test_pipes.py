"""What the command reads from pipes and writes into them, in any locale and until the disk is full."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sentiq import Client
from sentiq.cli.exit_codes import ExitCode
from tests.client.commands import Run, make_environment, read_json
from tests.client.fake_service import FakeService, as_json


def run_in_pipes(address: str, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, bytes, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sentiq.cli", *arguments], env=make_environment(address, **environment), input=stdin,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr.decode()


def test_lines_in_another_encoding_are_said_to_be(address: str, fake: FakeService) -> None:
    for locale in ("C", "C.UTF-8"):
        code, _, said = run_in_pipes(address, "analyze", stdin="很好\n差\n".encode("gb18030"), LC_ALL=locale)

        assert (code, fake.sent) == (ExitCode.USAGE, [])
        assert "iconv -f gb18030" in said


def test_json_is_utf_8_in_any_locale(address: str) -> None:
    code, out, said = run_in_pipes(address, "analyze", "好😊", PYTHONIOENCODING="latin-1")

    assert (code, said) == (0, "")
    assert json.loads(out.decode())["text"] == "好😊"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk_behind_standard_output_is_said(client: Client, address: str, options: tuple[str, ...]) -> None:
    client.submit(["好"])
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sentiq.cli", "jobs", *options], env=make_environment(address), stdout=full,
            stderr=subprocess.PIPE, encoding="utf-8", check=False, timeout=60,
        )  # fmt: skip

    assert done.returncode == ExitCode.NOT_WRITTEN
    assert "Standard output cannot be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_enough_is_no_error(client: Client, address: str) -> None:
    job = client.submit(["好"] * 3_000).wait()
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", "results", str(job.id)], env=make_environment(address),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["index"] == 0
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(30)


def test_a_limit_that_is_given_counts_in_a_pipe_too(
    run: Run, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    job = client.submit(["好"] * 5).wait()

    assert run("results", str(job.id), "--limit", "2") == 0
    assert len(read_json(capsys.readouterr().out)) == 2
    assert run("results", str(job.id), "--limit", "2", "--out", "a.csv") == ExitCode.USAGE


def test_a_file_of_results_is_told_in_json_too(
    run: Run, client: Client, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job, out = client.submit(["好"]).wait(), tmp_path / "a.csv"

    assert run("results", str(job.id), "--out", str(out), "--json") == 0

    assert read_json(capsys.readouterr().out) == [{"id": str(job.id), "out": str(out)}]


def test_an_unexpected_error_is_told_in_json_too(
    run: Run, fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("submit", str(reviews), "--text-column", "评论")
    run(*options, "--no-wait")
    (job,) = fake.jobs.values()
    fake.replies.append(as_json(fake.present(job) | {"eta_seconds": float("inf")}))  # which no service says
    capsys.readouterr()

    assert run(*options, "--resume", "--json") == ExitCode.UNEXPECTED

    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (error["error"], error["exit_code"]) == ("OverflowError", ExitCode.UNEXPECTED)
    assert "Please report it" in error["message"]
