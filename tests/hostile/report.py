"""The figures of a fuzzing run as a table for people."""

from tests.hostile.fuzzing import Tally

HEAD = (
    "| operation | requests | valid | invalid | 2xx, 3xx | 4xx | 5xx | slowest, ms | failures |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
)


def format_table(tally: Tally) -> str:
    """Return one row for each operation, as Markdown."""
    return "\n".join((*HEAD, *(_format_row(tally, operation) for operation in sorted(tally.answers))))


def _format_row(tally: Tally, operation: str) -> str:
    counts = tally.answers[operation]
    figures = (
        counts["positive"] + counts["negative"],
        counts["positive"],
        counts["negative"],
        counts["2xx"] + counts["3xx"],
        counts["4xx"],
        counts["5xx"],
        round(tally.slowest_seconds[operation] * 1000),
        tally.failures_by_operation[operation],
    )
    return f"| `{operation}` | {' | '.join(f'{figure:,}' for figure in figures)} |"
