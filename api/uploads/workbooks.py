"""XLSX: a zip of XML files, read part by part, so that a sheet of a million rows takes no more memory than a small one.

Read by hand and not by openpyxl, which holds all strings of a workbook in memory, nor by python-calamine, which holds
the whole sheet. Formulas are never computed: what counts is the value that the spreadsheet program has stored.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

from api.upload_errors import FileMalformed, SheetUnknown
from api.uploads.bounds import bound_rows
from api.uploads.columns import Cells, Wanted, map_rows
from api.uploads.pieces import limit_pieces
from api.uploads.shared_strings import SharedStrings
from api.uploads.sheets import SheetRows
from api.uploads.xml_events import ODD, Attributes, Handler, get_attribute, read_xml
from shared.queries.texts import NewText

PIECE_BYTES = 65_536
WORKBOOK = "xl/workbook.xml"
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"  # of .xls, and of what a password protects
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})  # ECMA-376, 18.8.30
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_NOTHING = (b"<none/>",)
_DATE_LETTERS = re.compile("[ymdhs]", re.IGNORECASE)
# LookupError: a part that is not there, or an encoding that nobody knows; OSError: a place before the file's beginning.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError, OSError
)  # fmt: skip
# All parts but the sheet and its strings are held in memory.
MAX_SMALL_PART_BYTES = 16 * 1024 * 1024
# What spreadsheet programs write; others that zip knows unpack any number of bytes at once.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_workbook(file: BinaryIO, wanted: Wanted, max_unpacked_bytes: int) -> Iterator[NewText]:
    """Yield the rows of a sheet whose first row that is not empty names the columns.

    Raises:
        ColumnUnknown, SheetUnknown: what was named is not there.
        FileMalformed: it is no workbook, or a damaged one.
        UploadTooLarge: unpacked it is larger than the limit.
    """
    if file.read(len(_OLD_FORMAT)) == _OLD_FORMAT:
        raise FileMalformed("The workbook is protected by a password, or is an old .xls: save it as .xlsx without one.")
    try:
        with zipfile.ZipFile(file) as archive:
            book = _Book(archive, max_unpacked_bytes)
            with closing(SharedStrings(book.open_strings(), wanted.max_row_chars)) as strings:
                rows = _read_rows(book, strings, wanted)
                header = next(rows, None)
                if header is not None:
                    if header.fault is not None:
                        raise FileMalformed(f"The first row, which names the columns, cannot be read: {header.fault}")
                    names = ["" if value is None else str(value) for value in header.values]
                    yield from map_rows(names, rows, wanted)
    except _DAMAGED as err:
        raise FileMalformed("The file is no workbook (.xlsx), or a damaged one.") from err


def _read_rows(book: "_Book", strings: SharedStrings, wanted: Wanted) -> Iterator[Cells]:
    """Yield the rows that are not empty."""
    handler = SheetRows(book.list_date_styles(), book.is_1904, wanted.max_row_chars, wanted.max_columns)
    found = ((row.line, map(strings.resolve, row.values)) for row in read_xml(book.open_sheet(wanted.sheet), handler))
    rows = bound_rows(found, wanted.max_row_chars, book.max_bytes)
    return (row for row in rows if row.fault is not None or any(value not in (None, "") for value in row.values))


@dataclass(slots=True)
class _Book:
    """The parts of a workbook."""

    archive: zipfile.ZipFile
    max_bytes: int
    _sheets: dict[str, str] = field(default_factory=dict)  # the relation's id of each visible sheet, by name
    _targets: dict[str, str] = field(default_factory=dict)  # the path of each part, by the relation's id
    _kinds: dict[str, str] = field(default_factory=dict)  # and by what it is
    is_1904: bool = False

    def __post_init__(self) -> None:
        for name, attributes in read_xml(self._read_small(WORKBOOK), _Elements("sheet", "workbookPr")):
            if name == "workbookPr":
                self.is_1904 = attributes.get("date1904") in ("1", "true")
            elif attributes.get("state", "visible") == "visible":
                self._sheets[attributes.get("name", "")] = get_attribute(attributes, "id") or ""
        for _, attributes in read_xml(self._read_small("xl/_rels/workbook.xml.rels"), _Elements("Relationship")):
            path = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", ""))).lstrip("/")
            self._targets[attributes.get("Id", "")] = path
            self._kinds[attributes.get("Type", "").rpartition("/")[2]] = path

    def open_strings(self) -> Iterator[bytes]:
        """Return the part with the strings that cells share."""
        path = self._kinds.get("sharedStrings")
        return iter(_NOTHING) if path is None else self._read(path)

    def open_sheet(self, name: str | None) -> Iterator[bytes]:
        """Return the sheet of this name, or the first."""
        if not self._sheets:
            raise FileMalformed("The workbook has no sheet that can be seen.")
        if name is not None and name not in self._sheets:
            raise SheetUnknown(name, list(self._sheets))
        return self._read(self._targets[self._sheets[name or next(iter(self._sheets))]])

    def list_date_styles(self) -> set[str]:
        """Return the numbers of the styles under which a number is a date or a time."""
        own: dict[int, str] = {}
        styles: list[int] = []
        path = self._kinds.get("styles")
        for name, attributes in read_xml(_NOTHING if path is None else self._read_small(path), _Styles()):
            number = int(attributes.get("numFmtId", "0"))
            if name == "numFmt":
                own[number] = attributes.get("formatCode", "")
            else:
                styles.append(number)
        dates = _DATE_FORMATS | {number for number, code in own.items() if _is_date(code)}
        return {str(at) for at, number in enumerate(styles) if number in dates}

    def _read_small(self, path: str) -> Iterator[bytes]:
        if self.archive.getinfo(path).file_size > MAX_SMALL_PART_BYTES:  # zipfile unpacks no more than that
            raise FileMalformed(f"{ODD}a part of it is far too large.")
        return self._read(path)

    def _read(self, path: str) -> Iterator[bytes]:
        if self.archive.getinfo(path).compress_type not in _METHODS:
            raise FileMalformed("The workbook is not packed as a spreadsheet program packs it.")

        def read() -> Iterator[bytes]:
            with self.archive.open(path) as part:
                while piece := part.read(PIECE_BYTES):
                    yield piece

        return limit_pieces(read(), self.max_bytes)


def _is_date(code: str) -> bool:
    return _DATE_LETTERS.search(_LITERALS.sub("", code)) is not None


class _Elements(Handler[tuple[str, Attributes]]):
    """Finds the elements of some names, with their attributes."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names

    def start(self, name: str, attributes: Attributes) -> None:
        if name in self._names:
            self.found.append((name, attributes))


class _Styles(_Elements):
    """Finds the number formats, and the styles of cells (`<xf>` in `<cellXfs>`, not those of named styles)."""

    def __init__(self) -> None:
        super().__init__("numFmt")
        self._is_of_cells = False

    def start(self, name: str, attributes: Attributes) -> None:
        super().start(name, attributes)
        if name == "cellXfs":
            self._is_of_cells = True
        elif name == "xf" and self._is_of_cells:
            self.found.append((name, attributes))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._is_of_cells = False
