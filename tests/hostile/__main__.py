"""`python -m tests.hostile`: fuzz a service by its own document, then see the next job served; prints a table.

Without `--url` it starts a service of its own. The exit code is 0 if nothing was found, 1 if something was.
"""

import argparse
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tests.hostile.fuzzing import Tally, add_round, run_round
from tests.hostile.report import format_table
from tests.hostile.target import make_headers, run_guarded_target, serves_a_job


def main() -> int:
    """Send at least so many cases, in rounds with seeds of their own, and report."""
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="sentiq-fuzz-") as folder, open_target(options, Path(folder)) as running:
        url, headers = running
        started, total = time.monotonic(), Tally()
        for seed in range(options.seed, options.seed + options.rounds):
            add_round(total, run_round(url, Path(folder), seed, options.per_operation, headers))
            sys.stderr.write(f"seed {seed}: {total.cases:,} cases, {total.failures} failures so far\n")
            if total.cases >= options.cases or time.monotonic() - started > options.minutes * 60:
                break
        is_served = serves_a_job(url, headers)
    print_report(total, time.monotonic() - started, is_served)
    return 0 if total.failures == 0 and is_served and total.cases >= options.cases else 1


def read_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="send at least so many cases")
    parser.add_argument("--per-operation", type=int, default=200, help="of them in one round, for each operation")
    parser.add_argument("--minutes", type=float, default=30, help="begin no round after so long")
    parser.add_argument("--rounds", type=int, default=100, help="at most")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next ones count up")
    parser.add_argument("--url", help="a service that runs already, instead of one of its own")
    parser.add_argument("--key", help="an API key of that service, with every scope")
    return parser.parse_args()


def open_target(options: argparse.Namespace, folder: Path) -> AbstractContextManager[tuple[str, dict[str, str]]]:
    """Return the address of the service that runs already and the caller's headers, or start one."""
    if options.url is not None:
        return nullcontext((options.url, make_headers(options.key)))
    return run_guarded_target(folder)


def print_report(total: Tally, seconds: float, is_served: bool) -> None:
    """Print what was found, and the table."""
    served = "served" if is_served else "NOT SERVED"
    print(
        *total.outputs,
        format_table(total),
        "",
        f"{total.cases:,} cases in {seconds:.0f} s: {total.failures} failures; the next job: {served}",
        sep="\n",
    )


if __name__ == "__main__":
    sys.exit(main())
