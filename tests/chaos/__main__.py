"""`make chaos`: the full form, or the part of it that the options name. Ends with 1 if any promise was broken."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from tests.chaos.ending import clean_up_on_sigterm
from tests.chaos.faults import Fault
from tests.chaos.mutants import Mutant
from tests.chaos.options import Options
from tests.chaos.report import format_table, to_json
from tests.chaos.run import Outcome, run_chaos
from tests.service import ROOT

REPORT = ROOT / "build" / "chaos.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for, print a table and write the details as JSON."""
    given = _parse(arguments)
    clean_up_on_sigterm()
    outcomes = []
    for options in _list_runs(given):
        outcome = run_chaos(options)
        outcomes.append(outcome)
        _tell(outcome)
        given.report.parent.mkdir(parents=True, exist_ok=True)
        given.report.write_text(json.dumps([to_json(one) for one in outcomes], ensure_ascii=False, indent=1))
    sys.stdout.write(f"\n{format_table(outcomes)}\n\n{_sum_up(outcomes)}\n")
    return int(any(outcome.verdict.problems or outcome.is_short for outcome in outcomes))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    default = Options()
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--aof", choices=["on", "off"], nargs="+", default=["on", "off"])
    parser.add_argument("--minutes", type=float, default=default.seconds / 60, help="of faults, in each run")
    parser.add_argument("--faults", type=int, help="in each run; ten a minute if not given")
    parser.add_argument("--texts", type=int, help="in each run; 280 a second if not given")
    parser.add_argument("--poisons", type=int, help="texts that kill their worker, in each run; three if not given")
    parser.add_argument("--only", choices=list(Fault), nargs="+", default=[], help="these kinds of fault alone")
    parser.add_argument("--drain-seconds", type=float, default=default.drain_seconds)
    parser.add_argument("--mutant", type=Mutant, choices=list(Mutant), help="take a safeguard out; must fail")
    parser.add_argument("--report", type=Path, default=REPORT)
    return parser.parse_args(arguments)


def _list_runs(given: argparse.Namespace) -> Iterator[Options]:
    default = Options()
    share = given.minutes * 60 / default.seconds
    common = replace(
        default,
        seconds=given.minutes * 60,
        faults=given.faults if given.faults is not None else round(default.faults * share),
        texts=given.texts if given.texts is not None else round(default.texts * share),
        poisons=given.poisons if given.poisons is not None else default.poisons,
        drain_seconds=given.drain_seconds,
        only=tuple(given.only),
        mutant=given.mutant,
    )
    for seed, database, aof in product(given.seed, given.database, given.aof):
        yield replace(common, seed=seed, database=database, append_only=aof == "on")


def _tell(outcome: Outcome) -> None:
    lines = [
        f"{outcome.options.name}: {outcome.fault_count} faults, {outcome.texts:,} texts in {outcome.seconds:.0f} s, "
        f"{outcome.restarts} restarts, drained in {outcome.drain_seconds:.0f} s, "
        f"then {outcome.calm_seconds * 1000:.0f} ms a text",
        *([f"  only {outcome.texts:,} of {outcome.options.texts:,} texts were sent"] if outcome.is_short else []),
        *(["  the disk was not filled: only root can mount one of its own"] if outcome.kept_disk else []),
        *(f"  {problem}" for problem in outcome.verdict.problems or ["nothing was wrong"]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _sum_up(outcomes: Sequence[Outcome]) -> str:
    texts, faults = sum(one.texts for one in outcomes), sum(one.fault_count for one in outcomes)
    failed = [one.options.name for one in outcomes if one.verdict.problems or one.is_short]
    verdict = f"failed: {', '.join(failed)}" if failed else "passed"
    return f"{len(outcomes)} runs, {faults} faults, {texts:,} texts: {verdict}."


if __name__ == "__main__":
    sys.exit(main())
