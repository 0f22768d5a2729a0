"""Runs schemathesis over the document of a running service, round after round, and adds up what it found."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile.hooks import TALLY_VARIABLE
from tests.service import ROOT

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
WORKERS = 1  # with two, Python 3.11's parser now and then fails for both (AST constructor recursion depth mismatch)
NOTHING_FOUND, SOMETHING_FOUND = 0, 1  # exit codes of schemathesis; any other says that it could not do its work


class FuzzingFailed(Exception):
    """Schemathesis could not do its work; the message is its output."""


@dataclass(slots=True)
class Tally:
    """What the rounds so far have sent and found."""

    cases: int = 0
    failures: int = 0
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # by operation
    failures_by_operation: Counter[str] = field(default_factory=Counter)
    slowest_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    outputs: list[str] = field(default_factory=list)  # of the rounds that found something


def run_round(url: str, folder: Path, seed: int, cases_per_operation: int, headers: Mapping[str, str]) -> Tally:
    """Send one round of requests to the service at `url` and return what came of it; its files go into `folder`.

    Raises:
        FuzzingFailed: the document could not be read, a request got no answer, or the like.
    """
    report, counts = folder / f"report-{seed}.json", folder / f"counts-{seed}.json"
    finished = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIGURATION}", "--no-color", "run",
            f"{url}/openapi.json", "--checks=all", f"--max-examples={cases_per_operation}", f"--seed={seed}",
            f"--workers={WORKERS}", "--report=json", f"--report-json-path={report}",
            *(f"--header={name}: {value}" for name, value in headers.items()),
        ],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT), TALLY_VARIABLE: str(counts)},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if finished.returncode not in (NOTHING_FOUND, SOMETHING_FOUND) or not report.exists():
        raise FuzzingFailed(finished.stdout + finished.stderr)
    found = json.loads(report.read_text(encoding="utf-8"))
    if found["errors"] or not found["complete"]:
        raise FuzzingFailed(finished.stdout + finished.stderr)
    return _read_round(found, json.loads(counts.read_text(encoding="utf-8")), finished.stdout)


def add_round(total: Tally, one: Tally) -> None:
    """Add one round to the total."""
    total.cases += one.cases
    total.failures += one.failures
    total.failures_by_operation.update(one.failures_by_operation)
    total.outputs += one.outputs
    for operation, counts in one.answers.items():
        total.answers[operation].update(counts)
        total.slowest_seconds[operation] = max(total.slowest_seconds[operation], one.slowest_seconds[operation])


def _read_round(report: dict[str, Any], counts: dict[str, dict[str, float]], output: str) -> Tally:
    tally = Tally(report["test_cases"]["generated"], report["test_cases"]["unique_failures"])
    for operation, figures in counts.items():
        tally.slowest_seconds[operation] = figures.pop("seconds")
        tally.answers[operation].update({name: int(count) for name, count in figures.items()})
    for failure in report["failures"]:
        tally.failures_by_operation.update(failure["operations"])
    if tally.failures:
        tally.outputs.append(output)
    return tally
