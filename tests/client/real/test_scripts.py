"""The examples of `scripts/`, run as people run them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.fake_service import FakeService, problem
from tests.client.serving import serve
from tests.service import ROOT

SCRIPTS = ROOT / "scripts"


@pytest.fixture
def environment(address: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment of somebody who has installed the client."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    # Not links: an interpreter finds its packages by the place that it is called from.
    for name, words in (("sentiq", "-m sentiq.cli "), ("python3", "")):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (bin_folder / name).chmod(0o755)
    return os.environ | {
        "SENTIQ_URL": address,
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "client" / "src"),
        "SENTIQ_FOLDER": str(tmp_path / "data"),
    }


def run_script(name: str, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / name, *arguments], env=environment, capture_output=True, encoding="utf-8", check=False, timeout=100
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_alone_submits_waits_and_reads(environment: dict[str, str], tmp_path: Path) -> None:
    body = tmp_path / "texts.json"
    body.write_text(json.dumps({"texts": ["物流很快", "太差了"]}), encoding="utf-8")

    done = run_script("curl_only.sh", environment, str(body), str(tmp_path / "results.ndjson"))

    assert done.returncode == 0, done.stderr
    assert '"index"' in (tmp_path / "results.ndjson").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_alone_says_what_the_service_refused(environment: dict[str, str], tmp_path: Path) -> None:
    body = tmp_path / "texts.json"
    body.write_text('{"texts": []}')

    done = run_script("curl_only.sh", environment, str(body), str(tmp_path / "results.ndjson"))

    assert done.returncode == 1
    assert "validation_error" in done.stderr


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not installed")
def test_the_nightly_job_scores_the_file_of_the_day_once(environment: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "reviews-2026-01-31.csv").write_text("评论\n很好\n太差了\n", encoding="utf-8")

    first = run_script("nightly.sh", environment, "2026-01-31")
    again = run_script("nightly.sh", environment, "2026-01-31")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert "positive" in (data / "scored-2026-01-31.csv").read_text(encoding="utf-8")
    assert "already" in again.stderr


def test_the_queue_of_a_folder_moves_what_is_done_and_what_is_bad(environment: dict[str, str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "in").mkdir(parents=True)
    for name in ("2026.01.csv", "2026.02.CSV"):
        (data / "in" / name).write_text(f"评论\n{name}很好\n", encoding="utf-8")
    (data / "in" / "bad.csv").write_text("一,二\n很好,a\n", encoding="utf-8")

    done = run_script("folder_queue.py", environment, str(data), "--once")

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (data / "done").iterdir()) == [
        "2026.01.csv", "2026.01.csv.scored.csv", "2026.02.CSV", "2026.02.CSV.scored.csv",
    ]  # fmt: skip
    assert sorted(path.name for path in (data / "failed").iterdir()) == ["bad.csv", "bad.csv.reason.txt"]
    assert list((data / "in").iterdir()) == []


def test_the_queue_of_a_folder_sets_aside_a_file_whose_job_was_cancelled(
    environment: dict[str, str], tmp_path: Path, fake: FakeService
) -> None:
    data = tmp_path / "data"
    (data / "in").mkdir(parents=True)
    (data / "in" / "a.csv").write_text("text\n很好\n", encoding="utf-8")
    fake.cancels = True

    with serve(fake) as url:
        done = run_script("folder_queue.py", environment | {"SENTIQ_URL": url}, str(data), "--once")

    assert done.returncode == 0, done.stderr
    assert "cancelled" in (data / "failed" / "a.csv.reason.txt").read_text(encoding="utf-8")
    assert list((data / "done").iterdir()) == []


def test_the_queue_of_a_folder_keeps_what_only_has_to_wait(
    environment: dict[str, str], tmp_path: Path, fake: FakeService
) -> None:
    data = tmp_path / "data"
    (data / "in").mkdir(parents=True)
    (data / "in" / "a.csv").write_text("text\n很好\n", encoding="utf-8")
    fake.replies.append(problem(500, "internal_error", "A fault of ours."))

    with serve(fake) as url:
        done = run_script("folder_queue.py", environment | {"SENTIQ_URL": url}, str(data), "--once")

    assert done.returncode == 6
    assert "A fault of ours." in done.stderr
    assert [path.name for path in (data / "in").iterdir()] == ["a.csv"]
