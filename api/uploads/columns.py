"""Which column of a table is what: the text, the id, and the rest as metadata."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.upload_errors import ColumnUnknown, FileMalformed
from api.uploads.rows import fail_row, make_text
from shared.queries.texts import NewText
from shared.states import ErrorCode

TEXT_NAMES = ("text", "content", "review", "评论", "内容", "文本")
ID_NAME = "id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller calls the columns, and the bounds of what is taken."""

    text_column: str | None = None
    id_column: str | None = None
    sheet: str | None = None
    max_text_chars: int = 100_000
    max_row_chars: int = 1_000_000
    max_columns: int = 500


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a table as it stands in the file."""

    line: int
    values: Sequence[Any]
    fault: str | None = None  # why it is none; then there are no values but perhaps the beginning of the line


def map_rows(names: Sequence[str], rows: Iterable[Cells], wanted: Wanted) -> Iterator[NewText]:
    """Yield each row of the table as a text, the columns being those of these names.

    Raises:
        ColumnUnknown: a column that was named is not there, or none is named and none says that it holds the texts.
        FileMalformed: there are too many columns.
    """
    if len(names) > wanted.max_columns:
        raise FileMalformed(f"There are more than {wanted.max_columns:,} columns, and no more are read.")
    names = _make_unique(names)
    text_at, id_at = find_text_column(names, wanted), find_id_column(names, wanted)
    others = [(at, name) for at, name in enumerate(names) if at not in (text_at, id_at)]
    for row in rows:
        values = row.values
        if row.fault is not None:
            yield fail_row(row.line, str(values[0]) if values else "", ErrorCode.LINE_INVALID, row.fault)
            continue
        count = len(values)
        if count > len(names) and any(value not in (None, "") for value in values[len(names) :]):
            detail = f"This row has more cells than the header, which has {len(names)}."
            yield fail_row(row.line, str(values[text_at]), ErrorCode.LINE_INVALID, detail)
            continue
        # An empty cell has its place all the same, so that every row of a table has the same columns.
        metadata = {name: values[at] if at < count else None for at, name in others}
        client_id = values[id_at] if id_at is not None and id_at < count else None
        text = values[text_at] if text_at < count else None
        yield make_text(
            row.line,
            text if text is None else str(text),
            None if client_id is None else str(client_id),
            metadata,
            wanted.max_text_chars,
        )


def find_text_column(names: Sequence[str], wanted: Wanted) -> int:
    """Return which column holds the texts: the one named, or the first whose name says so, or the only one.

    Raises:
        ColumnUnknown: there is none.
    """
    if wanted.text_column is not None:
        return _find(names, wanted.text_column, "text_column")
    folded = [name.strip().lower() for name in names]
    for name in TEXT_NAMES:
        if name in folded:
            return folded.index(name)
    if len(names) == 1:
        return 0
    raise ColumnUnknown(None, names)


def find_id_column(names: Sequence[str], wanted: Wanted) -> int | None:
    """Return which column holds the ids: the one named, or one called `id`, or none.

    Raises:
        ColumnUnknown: the one named is not there.
    """
    if wanted.id_column is not None:
        return _find(names, wanted.id_column, "id_column")
    folded = [name.strip().lower() for name in names]
    return folded.index(ID_NAME) if ID_NAME in folded else None


def _find(names: Sequence[str], name: str, parameter: str) -> int:
    stripped = [one.strip() for one in names]
    if name.strip() not in stripped:
        raise ColumnUnknown(name, names, parameter)
    return stripped.index(name.strip())


def _make_unique(names: Sequence[str]) -> list[str]:
    """Return the names so that each stands once: one without a name is called by its place, a second `name.2`."""
    seen: dict[str, int] = {}
    unique = []
    for at, given in enumerate(names, 1):
        name = given.strip() or f"column_{at}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return unique
