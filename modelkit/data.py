"""Reads texts and labelled reviews, and refuses a file that cannot be used before any work begins."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelkit.errors import DataError

COLUMNS = ("domain", "label", "text")
NEGATIVE, POSITIVE, NEUTRAL = range(3)
LABEL_IDS = {"0": NEGATIVE, "negative": NEGATIVE, "1": POSITIVE, "positive": POSITIVE}
NEUTRAL_IDS = {"neutral": NEUTRAL}


@dataclass(frozen=True, slots=True)
class Review:
    """One labelled text; `label` is the logit's position: 0 negative, 1 positive; 2 neutral."""

    domain: str
    label: int
    text: str


def load_reviews(path: Path) -> list[Review]:
    """Return all reviews of a CSV to train with: columns domain, label (1 positive, 0 negative) and text.

    Raises:
        DataError: naming the file, the line and what to put there.
    """
    reviews = [_parse_row(place, row, LABEL_IDS) for place, row in list_rows(path, COLUMNS)]
    _require_both_classes(path, reviews)
    return reviews


def load_measured(path: Path) -> list[Review]:
    """Return all reviews of a CSV to measure with: the same columns, but one label alone will do, and neutral too.

    Raises:
        DataError: naming the file, the line and what to put there.
    """
    reviews = [_parse_row(place, row, LABEL_IDS | NEUTRAL_IDS) for place, row in list_rows(path, COLUMNS)]
    _require_rows(path, reviews)
    return reviews


def load_texts(path: Path) -> list[str]:
    """Return the texts of a CSV with a column text, whatever the other columns; rows without a text are left out.

    Raises:
        DataError: naming the file and what to put there.
    """
    texts = [text for _, row in list_rows(path, ("text",)) if (text := row["text"]) and text.strip()]
    if not texts:
        raise DataError(f"{path}: there is no text under the header. Add some.")
    return texts


def list_rows(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str | None]]]:
    """Return each row with its place in the file, as messages name it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows: csv.DictReader[str] = csv.DictReader(lines)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(
                    f"{path}: no column {', '.join(missing)}. The first line must name: {', '.join(columns)}."
                )
            return [(f"{path}, line {rows.line_num}", dict(row)) for row in rows]
    except OSError as err:
        raise DataError(f"{path}: cannot be read ({err.strerror}). Give the path of a CSV file.") from err
    except (UnicodeDecodeError, csv.Error) as err:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({err}). Save it as UTF-8 and try again.") from err


def _parse_row(place: str, row: dict[str, str | None], ids: Mapping[str, int]) -> Review:
    domain, label, text = (row[name] for name in COLUMNS)
    label_id = ids.get((label or "").strip().lower())
    if label_id is None:
        neutral = ", or neutral" if "neutral" in ids else ""
        raise DataError(f"{place}: the label is {label!r}. Use 1 for positive, 0 for negative{neutral}.")
    if text is None or not text.strip():
        raise DataError(f"{place}: the text is empty. Remove the line or fill it in.")
    return Review(domain or "", label_id, text)


def _require_rows(path: Path, reviews: Sequence[Review]) -> None:
    if not reviews:
        raise DataError(f"{path}: there is no row under the header. Add labelled texts.")


def _require_both_classes(path: Path, reviews: Sequence[Review]) -> None:
    _require_rows(path, reviews)
    counts = Counter(review.label for review in reviews)
    if len(counts) == 1:
        only = "positive" if counts[1] else "negative"
        raise DataError(f"{path}: every text is {only}. Both labels are needed, 1 and 0.")
