"""`make bench`: measures the service on this machine and writes docs/benchmarks.md."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import base_size, exports, measures, quality
from bench.report import Row, describe_machine, format_table
from bench.server import ROOT
from bench.service import Service
from shared.settings import Settings
from worker.model_directory import load_manifest

REPORT = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Measure everything; return 1 if any bar is missed."""
    settings = Settings()
    rows = measures.measure_starts()
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder)) as service:
        rows += measures.measure_queue_tax(service, settings, measures.BUNDLED_TAX)
        rows += measures.measure_interactive(service, settings)
        rows += measures.measure_memory(service)
        rows += exports.measure_export(service, Path(folder), settings.model_name)
    rows += measures.measure_sizes(settings)
    rows += quality.measure_quality(settings)
    rows += base_size.measure_base_size(settings)
    report = _write_report(settings, rows)
    REPORT.write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return int(any(row.met is False for row in rows))


def _write_report(settings: Settings, rows: Sequence[Row]) -> str:
    return "\n".join([_HEAD, *describe_machine(), *_describe_run(settings), "", *format_table(rows), ""])


_HEAD = """# Benchmarks

Written by `make bench`. Ratios compare two things measured turn by turn in one run; absolute figures hold for the
machine named here only. The texts are our own, with the lengths of real reviews (`bench/texts.py`).
"""


def _describe_run(settings: Settings) -> list[str]:
    return [
        f"- model: {load_manifest(settings.model_path).identity}, backend {settings.backend}",
        f"- settings: {settings.workers} workers × {settings.threads_per_worker} threads, "
        f"target {settings.target_batch_ms} ms, claims of {settings.claim_batches} micro-batches",
        "- database and broker: SQLite and Valkey, as `make run` starts them",
    ]


if __name__ == "__main__":
    sys.exit(main())
