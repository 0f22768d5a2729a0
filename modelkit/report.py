"""Lays out measured figures as tables, for the terminal and for a model card."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Sequence[str]


def format_quality(quality: Mapping[str, Any]) -> str:
    """Return the figures as plain tables."""
    tables = [_format_table([("domain", "texts", "accuracy", "macro F1"), *_list_domains(quality)])]
    if quality.get("confusion"):
        tables.append(_format_table(_list_confusion(quality["confusion"], "is \\ called")))
    calibration = f"expected calibration error (15 bins) {quality['calibration_error']:.4f}"
    return "\n\n".join((*tables, f"{calibration}\n{_describe_speed(quality)}"))


def format_neutral_band(band: Mapping[str, Any]) -> str:
    """Return what a neutral band would do, in a line or two."""
    share = band["called_neutral"] / band["texts"]
    rest = "none keeps another label"
    if band["rest_accuracy"] is not None:
        rest = f"accuracy on the rest {band['rest_accuracy']:.2%}"
    line = f"neutral below {band['threshold']}: {band['called_neutral']:,} texts ({share:.2%}), {rest}"
    if not band["neutral_texts"]:
        return line
    caught = band["neutral_texts_caught"] / band["neutral_texts"]
    return f"{line}\nneutral texts caught: {band['neutral_texts_caught']:,} of {band['neutral_texts']:,} ({caught:.2%})"


def format_verification(verification: Mapping[str, Any]) -> str:
    """Return the figures of a verification as a plain table."""
    points = verification["disputed_code_points"]
    rows = {
        "precision": verification["precision"],
        "texts": f"{verification['texts']:,}",
        "scored by both": f"{verification['scored_texts']:,}",
        "without anything to score": f"{verification['blank_texts']:,}",
        "compared without disputed code points": f"{verification['disputed_texts']:,}  {' '.join(points)}".rstrip(),
        "not scored, cut inside a word": f"{verification['texts_cut_in_words']:,}",
        "labels changed": f"{verification['changed_labels']:,}",
        "largest difference": f"{verification['largest_difference']:.8f}",
        "mean difference": f"{verification['mean_difference']:.8f}",
        "windows tried beside others": f"{verification['neighbour_windows']:,}",
        "largest influence of neighbours": f"{verification['neighbour_difference']:.8f}",
        "labels changed by neighbours": f"{verification['neighbour_changed_labels']:,}",
        "ModelScope, transformers": f"{verification['modelscope']}, {verification['transformers']}",
    }
    width = max(map(len, rows))
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows.items())


def format_domains_markdown(quality: Mapping[str, Any]) -> str:
    """Return the table's rows for Markdown, without the head, which is in the reader's language."""
    return "\n".join(map(_format_markdown_row, _list_domains(quality)))


def format_confusion_markdown(confusion: Mapping[str, Mapping[str, int]], corner: str) -> str:
    """Return the confusion matrix for Markdown; `corner` tells the reader what rows and columns are."""
    head, *rows = _list_confusion(confusion, corner)
    ruler = ("---", *["---:"] * (len(head) - 1))
    return "\n".join(map(_format_markdown_row, (head, ruler, *rows)))


def _list_domains(quality: Mapping[str, Any]) -> list[Row]:
    named = [*quality["domains"].items(), ("all", quality)]
    return [
        (name, f"{score['texts']:,}", f"{score['accuracy']:.2%}", f"{score['macro_f1']:.2%}") for name, score in named
    ]


def _list_confusion(confusion: Mapping[str, Mapping[str, int]], corner: str) -> list[Row]:
    """Return the head and a row for each label that the texts have, with how often the model gave each of its own."""
    columns = list(next(iter(confusion.values())))
    return [(corner, *columns), *((label, *(f"{row[c]:,}" for c in columns)) for label, row in confusion.items())]


def _describe_speed(quality: Mapping[str, Any]) -> str:
    texts = f"{quality['texts_per_second']:,.0f} texts/s"
    if "tokens_per_second" not in quality:  # measured by an earlier release
        return texts
    return f"{texts}, {quality['tokens_per_second']:,.0f} tokens/s, threads: {quality['threads']}"


def _format_table(rows: Sequence[Row]) -> str:
    """Align every column but the first, which goes last: Chinese names have no width that terminals agree on."""
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(rows[0]))]
    return "\n".join(
        "  ".join((*(cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True)), row[0])) for row in rows
    )


def _format_markdown_row(cells: Iterable[str]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
