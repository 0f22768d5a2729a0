"""Results as an Excel workbook, written to a temporary file row by row and sent from there.

Every string is written as a string, so that none can become a formula, a number or a link.
"""

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import IO, Any

from sqlalchemy import Row
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from api.export_errors import ExportNotWritten, TooManyRows
from api.exports.columns import Cell, Columns

MAX_ROWS = 1_048_575  # below the header: a sheet ends at row 1,048,576
MAX_CELL_UNITS = 32_767  # of UTF-16
MAX_EXACT_INTEGER = 2**53  # a number in Excel is a double
CUT = "…（Excel 单元格放不下，全文见 CSV 或 JSON / cut: more than an Excel cell holds）"
SHEET_NAME = "results"
PIECE_BYTES = 65_536


def check_row_count(rows: int) -> None:
    """Raise TooManyRows if a sheet cannot hold so many."""
    if rows > MAX_ROWS:
        raise TooManyRows(
            f"An Excel sheet holds {MAX_ROWS:,} results and these are {rows:,}: take CSV, NDJSON or Parquet, or only a "
            "part of them by `state` or `limit`."
        )


def write_xlsx(pages: Iterable[Sequence[Row[Any]]], columns: Columns) -> Iterator[bytes]:
    """Yield the workbook in pieces, once all of it is written.

    Raises:
        ExportNotWritten: there is no room for the temporary file.
    """
    try:
        # A folder of its own: the library leaves its parts behind when it fails, and a full disk would stay full.
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile(dir=folder) as file:
            _write_workbook(file, folder, pages, columns)
            file.seek(0)
            while piece := file.read(PIECE_BYTES):
                yield piece
    except (OSError, FileCreateError) as err:
        raise ExportNotWritten from err


def _write_workbook(file: IO[bytes], folder: str, pages: Iterable[Sequence[Row[Any]]], columns: Columns) -> None:
    read = columns.make_reader()
    workbook = Workbook(file, {"constant_memory": True, "use_zip64": True, "tmpdir": folder})
    sheet = workbook.add_worksheet(SHEET_NAME)
    try:
        sheet.freeze_panes(1, 0)
        _write_row(sheet, 0, columns.names)
        for number, row in enumerate(chain.from_iterable(pages), 1):
            _write_row(sheet, number, read(row))
    except BaseException:
        # Not the workbook's own end, which would first write what there is, to a disk that may be full.
        with suppress(OSError):
            sheet.row_data_fh.close()
        raise
    workbook.close()


def _write_row(sheet: Worksheet, number: int, cells: Sequence[Cell]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, bool):
            sheet.write_boolean(number, column, cell)
        elif isinstance(cell, str):
            sheet.write_string(number, column, _fit(cell))
        elif cell is not None:
            _write_number(sheet, number, column, cell)


def _write_number(sheet: Worksheet, number: int, column: int, value: int | float) -> None:
    if math.isfinite(value) and abs(value) <= MAX_EXACT_INTEGER:
        sheet.write_number(number, column, value)
    else:
        sheet.write_string(number, column, str(value))


def _fit(text: str) -> str:
    """Return the text, or as much of it as a cell holds, with a word about the rest."""
    if len(text) <= MAX_CELL_UNITS // 2 or _count_units(text) <= MAX_CELL_UNITS:
        return text
    kept = text.encode("utf-16-le")[: 2 * (MAX_CELL_UNITS - _count_units(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT  # half of a surrogate pair is left out


def _count_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
