"""Cuts streams of bytes into whole records, so that one that breaks off can go on behind the last of them."""

NEWLINE, QUOTE = b"\n", b'"'


class LineCutter:
    """Cuts lines, as NDJSON has them."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def is_between_records(self) -> bool:
        """Whether all that came in went out."""
        return not self._rest

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes in and return the lines that are whole by now, without their line ends."""
        *lines, self._rest = (self._rest + chunk).split(NEWLINE)
        return lines


class CSVCutter:
    """Cuts records of CSV, whose quoted cells may hold line ends."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._scanned = 0  # up to here the quotes of the rest are counted
        self._is_quoted = False

    @property
    def is_between_records(self) -> bool:
        """Whether all that came in went out."""
        return not self._rest

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes in and return the records that are whole by now, each with its line end."""
        self._rest += chunk
        records, begin, position = [], 0, self._scanned
        while (newline := self._rest.find(NEWLINE, position)) >= 0:
            # A quote inside of a quoted cell is doubled, so an odd number of them opens or closes one.
            self._is_quoted ^= bool(self._rest.count(QUOTE, position, newline) % 2)
            position = newline + 1
            if not self._is_quoted:
                records.append(bytes(self._rest[begin:position]))
                begin = position
        del self._rest[:begin]
        self._scanned = position - begin
        return records


def read_csv_index(header: bytes, record: bytes) -> int:
    """Return the place in the job of the text that this record tells of.

    A column of the caller's own may be called `index` too: those stand before ours.
    """
    names = _list_bare_cells(header)
    place = len(names) - 1 - names[::-1].index(b"index")
    return int(_list_bare_cells(record)[place])


def _list_bare_cells(record: bytes) -> list[bytes]:
    """Return the cells without all that stands in quotes, which the index needs none of.

    A text may be longer than the module `csv` takes, whose limit is one for the whole process.
    """
    return b"".join(record.split(QUOTE)[::2]).rstrip(b"\r\n").split(b",")
