"""Puts the outcomes of runs into a table for people and JSON for machines. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.chaos.run import Outcome

_HEAD = (
    "| seed | database | AOF | faults | texts | missing | unfinished | doubled | wrong | set aside | poison isolated "
    "| webhooks told | answers lost | verdict |"
)


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Return a Markdown table, a row a run."""
    columns = _HEAD.count("|") - 1
    return "\n".join([_HEAD, "| --- " * columns + "|", *(_format_row(outcome) for outcome in outcomes)])


def _format_row(outcome: Outcome) -> str:
    options, verdict = outcome.options, outcome.verdict
    cells = [
        options.seed,
        options.database,
        "on" if options.append_only else "off",
        outcome.fault_count,
        f"{outcome.texts:,}",
        verdict.missing,
        verdict.unfinished,
        verdict.doubled,
        verdict.wrong,
        verdict.set_aside,
        f"{outcome.poisons - verdict.not_isolated}/{outcome.poisons}",
        f"{outcome.webhooks - verdict.untold:,}/{outcome.webhooks:,}",
        outcome.lost_answers,
        "failed" if verdict.problems or outcome.is_short else "passed",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as JSON has it."""
    return asdict(outcome) | {"problems": outcome.verdict.problems}
