"""What the reports of all benches are made of: a table of figures with their bars, and where they were measured."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.server import ROOT

_HEAD = ("| figure | measured | bar | met |", "| --- | --- | --- | --- |")
_MARKS = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no bar."""

    figure: str
    value: str
    bar: str = ""
    met: bool | None = None


def format_table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table."""
    return [*_HEAD, *(f"| {row.figure} | {row.value} | {row.bar} | {_MARKS[row.met]} |" for row in rows)]


def describe_machine() -> list[str]:
    """Return what was measured and on which machine, one line each."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return [
        f"- commit: {commit.stdout.strip()}",
        f"- CPU: {_read_cpu()}, {os.cpu_count()} cores; Python {platform.python_version()}",
    ]


def _read_cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    names = [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()
