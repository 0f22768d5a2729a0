"""CSV and TSV as people have them: quoted or not, with line breaks in cells, and now and then a quote left open.

An open quote takes in all that follows, so after `max_row_chars`, or at the file's end, it counts as a fault of the
line in which it opens. The lines behind it are read again, each by itself, so that no line is read more than twice.
"""

import csv
import io
from collections.abc import Iterator

from api.upload_errors import FileMalformed
from api.uploads.columns import Cells, Wanted, map_rows
from api.uploads.lines import Line, read_lines
from shared.queries.texts import NewText

_DELIMITERS = (",", ";", "\t", "|")
# The library's own limit is one for the whole process and loses its place; the lines are counted here instead.
csv.field_size_limit(2**31 - 1)


def read_table(text: io.TextIOWrapper, wanted: Wanted, delimiter: str | None) -> Iterator[NewText]:
    """Yield the rows of a table whose first row names the columns; without a delimiter, the header's is taken.

    Raises:
        ColumnUnknown: see `map_rows`.
        FileMalformed: the first row cannot be read.
    """
    lines = read_lines(text, wanted.max_row_chars)
    first = next((line for line in lines if line.text.strip("\r\n")), None)
    if first is None:
        return
    feed = _Feed(lines, first, wanted.max_row_chars)
    rows = _read_rows(feed, delimiter or _guess_delimiter(first.text))
    header = next(rows)
    if header.fault is not None:
        raise FileMalformed(f"The first row, which names the columns, cannot be read: {header.fault}")
    yield from map_rows([str(value) for value in header.values], rows, wanted)


def _guess_delimiter(header: str) -> str:
    """Return the comma if the header has one; spreadsheets of some countries write another."""
    return max(_DELIMITERS, key=lambda delimiter: (header.count(delimiter) > 0, -_DELIMITERS.index(delimiter)))


class _RowTooLong(Exception):
    """A row has more characters than one may have."""


class _Feed:
    """Hands the lines to the library, and remembers those of the row that is being read."""

    def __init__(self, lines: Iterator[Line], first: Line, max_chars: int) -> None:
        self._lines, self._max_chars = lines, max_chars
        self._next: Line | None = first
        self.row: list[Line] = []
        self.is_at_end = False
        self._chars = 0

    def begin_row(self) -> None:
        """Forget the row before."""
        self.row, self._chars = [], 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._next or next(self._lines, None)
        self._next = None
        if line is None:
            self.is_at_end = True
            raise StopIteration
        self.row.append(line)
        self._chars += len(line.text)
        if line.is_cut or self._chars > self._max_chars:
            raise _RowTooLong
        return line.text


def _read_rows(feed: _Feed, delimiter: str) -> Iterator[Cells]:
    reader = csv.reader(feed, delimiter=delimiter)
    while True:
        feed.begin_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except (_RowTooLong, csv.Error):
            yield from _take_apart(feed.row, delimiter)
            continue
        if feed.is_at_end and feed.row:
            # The library asked for more and took the file's end for the end of the quote.
            yield from _take_apart(feed.row, delimiter)
        elif values:
            yield Cells(feed.row[0].number, values)


def _take_apart(lines: list[Line], delimiter: str) -> Iterator[Cells]:
    """Yield the first line as bad, and each one behind it by itself."""
    first, *rest = lines
    yield _make_bad(first)
    for line in rest:
        values = None if line.is_cut else _parse_alone(line.text, delimiter)
        if values is None:
            yield _make_bad(line)
        elif values:
            yield Cells(line.number, values)


def _parse_alone(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of the line, or None if it ends within a quote: then the library asks for another."""
    asked: list[bool] = []

    def give() -> Iterator[str]:
        yield line
        asked.append(True)

    values = next(csv.reader(give(), delimiter=delimiter))
    return None if asked else values


def _make_bad(line: Line) -> Cells:
    fault = (
        "This line is longer than a row may be." if line.is_cut else "A quote that opens in this line is never closed."
    )
    return Cells(line.number, [line.text], fault)
