"""Results as CSV (RFC 4180), safe to open in a spreadsheet.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it: a review that begins with
`=` must not become a program on the desk of whoever reads it. Numbers are no strings and stay as they are.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from api.exports.columns import Cell, Columns

BOM = b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for the code page of its machine
# As OWASP lists them; East Asian editions of Excel take the full-width forms for formulas too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(
    pages: Iterable[Sequence[Row[Any]]], columns: Columns, *, has_bom: bool, has_header: bool
) -> Iterator[bytes]:
    """Yield the table, its header first, then a page at a time."""
    read = columns.make_reader()
    head = BOM if has_bom else b""
    if has_header:
        head += _format_rows([columns.names], columns.own_count)
    if head:
        yield head
    for rows in pages:
        yield _format_rows(map(read, rows), columns.own_count)


def _format_rows(rows: Iterable[Sequence[Cell]], own_count: int) -> bytes:
    """Return the rows, of whose cells so many are the caller's."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows((*map(_disarm, row[:own_count]), *row[own_count:]) for row in rows)
    return buffer.getvalue().encode()


def _disarm(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
