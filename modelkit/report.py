"""Lays out measured figures as tables, for the terminal and for a model card."""

from collections.abc import Mapping
from typing import Any


def format_quality(quality: Mapping[str, Any]) -> str:
    """Return the figures as a plain table."""
    rows = [("domain", "texts", "accuracy", "macro F1"), *_list_rows(quality)]
    widths = [max(len(row[column]) for row in rows) for column in range(1, 4)]
    lines = ["  ".join((*(row[c + 1].rjust(width) for c, width in enumerate(widths)), row[0])) for row in rows]
    calibration = f"expected calibration error (15 bins) {quality['calibration_error']:.4f}"
    return "\n".join((*lines, calibration, f"{quality['texts_per_second']:,.0f} texts/s"))


def format_markdown(quality: Mapping[str, Any]) -> str:
    """Return the table's rows for Markdown, without the head, which is in the reader's language."""
    return "\n".join(f"| {' | '.join(row)} |" for row in _list_rows(quality))


def _list_rows(quality: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    named = [*quality["domains"].items(), ("all", quality)]
    return [
        (name, f"{score['texts']:,}", f"{score['accuracy']:.2%}", f"{score['macro_f1']:.2%}") for name, score in named
    ]
