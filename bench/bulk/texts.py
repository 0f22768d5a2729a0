"""A file of many short texts, all of them different: equal ones are scored once, and would flatter the service."""

import csv
from collections.abc import Iterator
from pathlib import Path

from bench.texts import PIECES

PIECES_IN_A_TEXT = 4
MOST_TEXTS = len(PIECES) ** PIECES_IN_A_TEXT  # 1,048,576
_STRIDE = 611_953  # prime to their number, so that texts that follow each other have little in common


def make_short_texts(count: int) -> Iterator[str]:
    """Yield so many different texts of about 26 characters, at most `MOST_TEXTS`."""
    if count > MOST_TEXTS:
        raise ValueError(f"There are {MOST_TEXTS:,} of these texts, not {count:,}.")
    for number in range(count):
        choice, pieces = number * _STRIDE % MOST_TEXTS, []
        for _ in range(PIECES_IN_A_TEXT):
            choice, place = divmod(choice, len(PIECES))
            pieces.append(PIECES[place])
        yield "".join(pieces)


def write_table(path: Path, count: int) -> None:
    """Write them as a CSV with an id, a shop and the text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "店", "评论"])
        table.writerows((number, f"A{number % 100}", text) for number, text in enumerate(make_short_texts(count)))
