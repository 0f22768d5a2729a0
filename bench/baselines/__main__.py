"""`make bench-baselines`: compares the service with its baselines on this machine and writes docs/baselines.md."""

import argparse
import sys
from collections.abc import Sequence

from bench.baselines.comparison import choose_texts, compare_scores, list_rows, measure_round
from bench.baselines.contenders import prepare_contenders
from bench.baselines.models import make_models
from bench.baselines.report import write_report
from bench.server import ROOT

FOLDER = ROOT / ".cache" / "baselines"  # kept by `make clean`: the environments take gigabytes and minutes
REPORT = ROOT / "docs" / "baselines.md"
ROUNDS = 3


def main(arguments: Sequence[str]) -> int:
    """Measure everything; return 1 if any bar is missed."""
    rounds = _read_rounds(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = make_models(FOLDER / "models")
    contenders, texts = prepare_contenders(FOLDER, models), choose_texts()
    measured = [measure_round(contenders, texts, backwards=bool(number % 2)) for number in range(rounds)]
    rows = list_rows(measured) + compare_scores(texts, measured[-1])
    report = write_report(models.model_dir, texts, rounds, rows)
    REPORT.write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return int(any(row.met is False for row in rows))


def _read_rounds(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("python -m bench.baselines", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each contender is started and measured")
    return int(parser.parse_args(arguments).rounds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
