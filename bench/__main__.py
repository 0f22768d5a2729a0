"""`make bench`: measures the service on this machine and writes docs/benchmarks.md."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import measures
from bench.measures import Row
from bench.service import ROOT, Service
from shared.settings import Settings
from worker.model_directory import load_manifest

REPORT = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Measure everything; return 1 if any bar is missed."""
    settings = Settings()
    rows = measures.measure_starts()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        service.start()
        try:
            rows += measures.measure_queue_tax(service, settings, batch_tokens=1_024)
            rows += measures.measure_interactive(service, settings)
            rows += measures.measure_memory(service)
        finally:
            service.stop()
    rows += measures.measure_sizes(settings)
    report = _write_report(settings, rows)
    REPORT.write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return int(any(row.met is False for row in rows))


def _write_report(settings: Settings, rows: Sequence[Row]) -> str:
    lines = [f"| {row.figure} | {row.value} | {row.bar} | {_MARKS[row.met]} |" for row in rows]
    return "\n".join([_HEAD, *_describe_run(settings), "", *_TABLE, *lines, ""])


_HEAD = """# Benchmarks

Written by `make bench`. Ratios compare two things measured turn by turn in one run; absolute figures hold for the
machine named here only. The texts are our own, with the lengths of real reviews (`bench/texts.py`).
"""
_TABLE = ("| figure | measured | bar | met |", "| --- | --- | --- | --- |")
_MARKS = {True: "yes", False: "**no**", None: ""}


def _describe_run(settings: Settings) -> list[str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return [
        f"- commit: {commit.stdout.strip()}",
        f"- CPU: {_read_cpu()}, {os.cpu_count()} cores; Python {platform.python_version()}",
        f"- model: {load_manifest(settings.model_path).identity}, backend {settings.backend}",
        f"- settings: {settings.workers} workers × {settings.threads_per_worker} threads, "
        f"target {settings.target_batch_ms} ms, claims of {settings.claim_batches} micro-batches",
        "- database and broker: SQLite and Valkey, as `make run` starts them",
    ]


def _read_cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    names = [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
