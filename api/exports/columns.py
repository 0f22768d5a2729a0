"""Which columns a table of results has, and what stands in them for one text.

The columns must be known before the first byte is sent, so they come from the first texts of the job and not from all
of them. A member of metadata that only later texts have is not lost: it stands in the column `metadata`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

SAMPLED_ROWS = 1_000
# As many members of metadata get columns of their own; spreadsheets end at 16,384 columns.
MAX_METADATA_COLUMNS = 500
REST = "metadata"
INDEX, SCORE, SCORE_PREFIX = "index", "score", "score_"
_BEFORE = ("id", "text")
_AFTER = (INDEX, "state", "label", SCORE)
_ERROR = "error"

Cell = str | int | float | None  # bool is an int


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one export: the caller's own first, then what the service has found."""

    metadata: tuple[str, ...]  # members that have a column, in the order in which they first appear
    labels: tuple[str, ...]  # whose scores have a column
    has_rest: bool  # whether other members of metadata are possible

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns' names, each of them once: a member of a name that is taken is `metadata.NAME`."""
        scores = tuple(f"{SCORE_PREFIX}{label}" for label in self.labels)
        taken = {*_BEFORE, *_AFTER, *scores, _ERROR, REST, ""}
        own: list[str] = []
        for member in self.metadata:
            name = member
            while name in taken:
                name = f"{REST}.{name}"
            taken.add(name)
            own.append(name)
        return (*_BEFORE, *own, *self._rest, *_AFTER, *scores, _ERROR)

    @property
    def own_count(self) -> int:
        """Return how many of them, the first, are the caller's own."""
        return len(_BEFORE) + len(self.metadata) + len(self._rest)

    @property
    def _rest(self) -> tuple[str, ...]:
        return (REST,) if self.has_rest else ()

    def make_reader(self) -> Callable[[Row[Any]], list[Cell]]:
        """Return what reads the cells of one text, in the order of the names."""
        members, labels, known = self.metadata, self.labels, frozenset(self.metadata)

        def read(row: Row[Any]) -> list[Cell]:
            details: Mapping[str, Any] = row.details or {}
            scores: Mapping[str, float] = row.scores or {}
            cells: list[Cell] = [row.client_id, row.text, *(_flatten(details.get(name)) for name in members)]
            if self.has_rest:
                rest = {name: value for name, value in details.items() if name not in known}
                cells.append(_flatten(rest) if rest else None)
            cells += (row.position, row.state, row.label, row.score, *(scores.get(label) for label in labels))
            cells.append(_describe_error(row))
            return cells

        return read


def choose_columns(sample: Sequence[Row[Any]], labels: Iterable[str], *, is_whole: bool) -> Columns:
    """Return the columns for a job that begins with these texts and whose model knows these labels.

    `is_whole` says that there are no other texts, so that no member of metadata can come as a surprise.
    """
    members = tuple(dict.fromkeys(name for row in sample for name in row.details or ()))
    found = {label for row in sample for label in row.scores or ()}
    kept = members[:MAX_METADATA_COLUMNS]
    return Columns(kept, tuple(sorted(found.union(labels))), has_rest=not is_whole or kept != members)


def _describe_error(row: Row[Any]) -> str | None:
    """Return what was wrong with the text, and in which line of the file that it came from, if that is known."""
    if not row.error_code:
        return None
    where = "" if row.error_line is None else f" (line {row.error_line})"
    return f"{row.error_code}{where}: {row.error_detail}"


def _flatten(value: Any) -> Cell:
    """Return the value as a cell holds it: what is nested as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value  # type: ignore[no-any-return]
