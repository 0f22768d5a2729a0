"""The rows of one sheet of a workbook, as the spreadsheet program last computed them, one after the other."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from api.uploads.columns import Cells
from api.uploads.shared_strings import SharedString, TextParts
from api.uploads.xml_events import Attributes, Handler

_LETTERS = re.compile("[A-Z]{1,3}")
_MAX_EXACT = 2**53  # of the integers that a spreadsheet's numbers can tell apart
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet's times have no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY = datetime(9999, 12, 31)  # noqa: DTZ001


class SheetRows(Handler[Cells]):
    """Finds `<row>` with the values of its cells; what stands beyond the last column is one cell behind it."""

    def __init__(self, date_styles: Collection[str], is_1904: bool, max_chars: int, max_columns: int) -> None:
        super().__init__()
        self._date_styles, self._max_columns = date_styles, max_columns
        self._epoch = _EPOCH_1904 if is_1904 else _EPOCH
        self._text = TextParts(max_chars)
        self._row_number = 0
        self._values: list[Any] = []
        self._column = 0
        self._type = self._style = ""
        self._is_value = self._is_phonetic = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin a row, a cell, or a part of what it holds."""
        if name == "row":
            number = attributes.get("r", "")
            self._row_number = int(number) if number.isdecimal() and len(number) < 9 else self._row_number + 1
            self._values, self._column = [], 0
        elif name == "c":
            self._column = _find_column(attributes.get("r", ""), self._column)
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._text.begin()
        elif name == "rPh":
            self._is_phonetic = True
        elif name in ("v", "t"):
            self._is_value = not self._is_phonetic

    def end(self, name: str) -> None:
        """End it, and keep a row that has cells."""
        if name == "c":
            self._end_cell()
        elif name == "row":
            if self._values:
                self.found.append(Cells(self._row_number, self._values))
            self._values = []
        elif name == "rPh":
            self._is_phonetic = False
        elif name in ("v", "t"):
            self._is_value = False

    def characters(self, data: str) -> None:
        """Take what a cell holds."""
        if self._is_value:
            self._text.add(data)

    def _end_cell(self) -> None:
        value = self._convert(self._text.join())
        if value is not None:
            before = min(self._column - 1, self._max_columns)
            self._values.extend([None] * (before - len(self._values)))
            self._values[before:] = [value]

    def _convert(self, value: str) -> Any:
        """Return what the cell shows; nothing for an empty one, or for an error such as #N/A."""
        if value == "" or self._type == "e":
            return None
        if self._type == "s":
            return SharedString(value)
        if self._type == "b":
            return value == "1"
        return (
            _read_number(value, self._epoch if self._style in self._date_styles else None)
            if self._type == "n"
            else value
        )


def _find_column(reference: str, last: int) -> int:
    """Return the number of the column, from 1, of a cell such as `B7`; without a reference, the next one."""
    letters = _LETTERS.match(reference)
    if letters is None:
        return last + 1
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _read_number(value: str, epoch: datetime | None) -> Any:
    try:
        number = float(value)
    except ValueError:
        return value
    if not isfinite(number):
        return value
    if epoch is not None and 0 <= number <= (_LAST_DAY - epoch).days:
        return _format_time(number, epoch)
    return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number


def _format_time(days: float, epoch: datetime) -> str:
    moment = epoch + timedelta(seconds=round(days * 86_400))
    if days < 1:
        return moment.strftime("%H:%M:%S")
    return moment.isoformat(sep=" ") if days % 1 else moment.date().isoformat()
