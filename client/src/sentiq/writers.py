"""Writes what is downloaded, and knows where to go on after a break."""

from dataclasses import dataclass
from typing import BinaryIO

from sentiq.errors import AnswerUnreadable
from sentiq.records import CSVCutter, read_csv_index

BOM = b"\xef\xbb\xbf"


class CSVWriter:
    """Writes whole records only, and one header."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._header: bytes | None = None
        self._last: bytes | None = None
        self._cutter = CSVCutter()
        self._expects_header = True

    @property
    def after(self) -> int | None:
        """The index of the last text that was written; None: none was."""
        if self._header is None or self._last is None:
            return None
        return read_csv_index(self._header, self._last)

    @property
    def is_whole(self) -> bool:
        """Whether the stream has ended behind a record."""
        return self._cutter.is_between_records

    def begin(self) -> None:
        """Expect a stream from its beginning, with a header of its own."""
        self._cutter, self._expects_header = CSVCutter(), True

    def write(self, chunk: bytes) -> None:
        """Write the records that the chunk makes whole."""
        records = self._cutter.feed(chunk)
        if records and self._expects_header:
            self._expects_header = False
            records = self._take_header(records)
        if records:
            self._file.writelines(records)
            self._last = records[-1]

    def _take_header(self, records: list[bytes]) -> list[bytes]:
        first = records[0]
        if self._header is None:
            self._header = first
            self._file.write(first)
            return records[1:]
        # What goes on begins with the header once more, or with the next record at once.
        if first.removeprefix(BOM) == self._header.removeprefix(BOM):
            return records[1:]
        _check_columns(self._header, first)
        return records


def _check_columns(header: bytes, record: bytes) -> None:
    """Refuse a record of other columns.

    Raises:
        AnswerUnreadable: its index is none, as in the header of another table.
    """
    try:
        read_csv_index(header, record)
    except (ValueError, IndexError) as err:
        raise AnswerUnreadable("columns_changed") from err


@dataclass(frozen=True, slots=True)
class EndMark:
    """What stands so many bytes before the end of a whole file."""

    content: bytes
    distance: int


class WholeWriter:
    """Writes a file that makes sense from its beginning to its end only."""

    after: int | None = None  # so it always begins anew

    def __init__(self, file: BinaryIO, end_mark: EndMark) -> None:
        self._file, self._end_mark = file, end_mark
        self._tail = b""

    @property
    def is_whole(self) -> bool:
        """Whether the file ends as it should."""
        return len(self._tail) == self._end_mark.distance and self._tail.startswith(self._end_mark.content)

    def begin(self) -> None:
        """Throw away what came before."""
        self._file.seek(0)
        self._file.truncate()
        self._tail = b""

    def write(self, chunk: bytes) -> None:
        """Write the chunk."""
        self._file.write(chunk)
        self._tail = (self._tail + chunk[-self._end_mark.distance :])[-self._end_mark.distance :]
