"""Reads texts that are labelled with emotions, and takes them for positive, negative or neutral."""

from collections.abc import Mapping
from pathlib import Path

from modelkit.data import NEGATIVE, NEUTRAL, POSITIVE, Review, list_rows
from modelkit.errors import DataError

DOMAIN = "emotions"
# Surprise may be either, so such texts are left out.
LABELS: Mapping[str, int | None] = {
    "happy": POSITIVE, "angry": NEGATIVE, "sad": NEGATIVE, "fear": NEGATIVE, "neutral": NEUTRAL, "surprise": None,
}  # fmt: skip


def load_emotions(path: Path) -> list[Review]:
    """Return the texts of a CSV with the columns emotion and text that say something of positive and negative.

    Raises:
        DataError: naming the file, the line and what to put there.
    """
    reviews = []
    for place, row in list_rows(path, ("emotion", "text")):
        emotion, text = (row["emotion"] or "").strip().lower(), row["text"] or ""
        if emotion not in LABELS:
            raise DataError(f"{place}: the emotion is {row['emotion']!r}. Use one of: {', '.join(LABELS)}.")
        label = LABELS[emotion]
        if label is not None and text.strip():
            reviews.append(Review(DOMAIN, label, text))
    return reviews
