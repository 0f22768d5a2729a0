"""What the command does for a person at a terminal."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from sentiq import Client
from sentiq.cli.exit_codes import ExitCode
from tests.client.commands import make_environment, read_terminal, start_command
from tests.client.fake_service import FakeService
from tests.service import wait_until


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(
    fake: FakeService, address: str, reviews: Path
) -> None:
    fake.speed = 0
    process = start_command(
        "--url", address, "submit", str(reviews), "--text-column", "评论", "--out", "scored.csv", "--bom",
        env=make_environment(""), stderr=subprocess.PIPE, encoding="utf-8", cwd=reviews.parent,
    )  # fmt: skip
    wait_until(lambda: sum(sent.method == "GET" for sent in fake.sent) > 2, 60, "the command's waiting")

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == ExitCode.INTERRUPTED
    (job_id,) = fake.jobs
    assert f"sentiq --url {address} show {job_id} --wait\n" in said
    assert f"sentiq --url {address} results {job_id} --out scored.csv --bom\n" in said
    assert not fake.jobs[job_id].is_cancelled
    assert "Traceback" not in said


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


def test_what_is_for_a_pipe_goes_there_even_if_progress_is_shown(address: str, reviews: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", "submit", str(reviews), "--text-column", "评论", "--no-wait"],
        env=make_environment(address, TERM="xterm"), stdout=subprocess.PIPE, stderr=follower, encoding="utf-8",
    )  # fmt: skip
    os.close(follower)

    told = "".join(read_terminal(leader))
    out, _ = process.communicate(timeout=30)

    assert str(UUID(out.strip())) in told  # where it is told to people too


def test_commands_that_lead_back_can_be_pasted_from_a_narrow_terminal(
    fake: FakeService, address: str, reviews: Path
) -> None:
    fake.speed = 0
    leader, follower = pty.openpty()
    process = start_command(
        "submit", str(reviews), "--text-column", "评论",
        env=make_environment(address, COLUMNS="50", TERM="xterm"), stderr=follower,
    )  # fmt: skip
    os.close(follower)
    wait_until(lambda: sum(sent.method == "GET" for sent in fake.sent) > 2, 60, "the command's waiting")

    process.send_signal(signal.SIGINT)
    said = "".join(read_terminal(leader))

    assert process.wait(30) == ExitCode.INTERRUPTED
    assert f"  sentiq results {next(iter(fake.jobs))} --out results.csv\r\n" in said


def test_ctrl_c_has_its_exit_code_where_there_is_nothing_to_come_back_to(
    fake: FakeService, client: Client, address: str
) -> None:
    fake.speed = 0
    job = client.submit(["好"])
    process = start_command(
        "show", str(job.id), "--wait", env=make_environment(address),
        stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    wait_until(lambda: sum(sent.method == "GET" for sent in fake.sent) > 2, 60, "the command's waiting")

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in said


def run_on_terminal(address: str, *arguments: str) -> str:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiq.cli", *arguments], env=make_environment(address, COLUMNS="100", TERM="xterm"),
        stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    shown = "".join(read_terminal(leader))
    assert process.wait(30) == 0, shown
    return shown


def test_texts_give_no_orders_to_the_terminal(client: Client, address: str) -> None:
    texts = [r"\[/]好[bold]", "\x1b[2J好\n差"]
    job = client.submit(texts).wait()

    for shown in (run_on_terminal(address, "results", str(job.id)), run_on_terminal(address, "analyze", *texts)):
        assert r"\[/]好[bold]" in shown
        assert "\ufffd[2J好 差" in shown
        assert "\x1b[2J" not in shown


def test_a_terminal_shows_the_first_results_and_says_that_there_are_more(client: Client, address: str) -> None:
    job = client.submit([f"第{number}条" for number in range(25)]).wait()

    shown = run_on_terminal(address, "results", str(job.id))

    assert "第19条" in shown
    assert "第20条" not in shown
    assert "and more" in shown


@pytest.mark.parametrize("command", ["", "analyze", "submit", "jobs", "show", "results", "cancel", "report", "listen"])
def test_no_help_is_cut_off_on_a_narrow_terminal(command: str) -> None:
    environment = make_environment("", COLUMNS="80", LC_ALL="zh_CN.UTF-8", PYTHONUTF8="1")
    words = [sys.executable, "-m", "sentiq.cli", *filter(None, [command]), "--help"]

    told = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", check=True, timeout=30).stdout

    assert re.search(r"[\u4e00-\u9fff]{4}", told)
    assert re.findall(r".*… *│", told) == []
