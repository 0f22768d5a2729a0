"""`make bench-bulk`: measures uploads and one job of a million texts, in about half an hour; needs `make client`."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.bulk.job import measure_job
from bench.bulk.texts import write_table
from bench.bulk.uploads import measure_uploads
from bench.report import describe_machine, format_table
from bench.server import ROOT

REPORT = ROOT / "docs" / "benchmarks-bulk.md"
TEXTS = 1_000_000
_HEAD = """# Benchmarks of bulk jobs

Written by `make bench-bulk`. Uploads go to an API without workers; the job is submitted, followed and downloaded by the
command `sentiq`, against a service as `make run` starts it (SQLite, Valkey). The texts are our own, about 26 characters
long and all different (`bench/bulk/texts.py`).
"""


def main() -> int:
    """Measure everything; return 1 if any bar is missed."""
    parser = argparse.ArgumentParser(prog="bench.bulk", description=__doc__)
    parser.add_argument("--texts", type=int, default=TEXTS, help="how many; only the full number is written to docs/")
    count = parser.parse_args().texts
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "reviews.csv"
        write_table(table, count)
        rows = [*measure_uploads(table, count), *measure_job(table, count)]
    report = "\n".join([_HEAD, *describe_machine(), "", *format_table(rows), ""])
    if count == TEXTS:
        REPORT.write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
