"""The strings that the cells of a workbook refer to by number: on disk, since they may be all of its texts."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.upload_errors import FileMalformed, StorageFull
from api.uploads.xml_events import Attributes, Handler, read_xml

CACHE_KIB = 4_000
BATCH = 1_000
# What XML cannot hold is written like this: _x000D_ for a carriage return.
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class SharedString:
    """What a cell holds in place of a string that others may hold too; looked up when its row is read, not before."""

    number: str


class SharedStrings:
    """A private table of the strings by their numbers, gone when it is closed."""

    def __init__(self, pieces: Iterable[bytes], max_chars: int) -> None:
        """Read the part of the workbook that holds them.

        Raises:
            FileMalformed: it is damaged.
            StorageFull: there is no room for the table.
        """
        self._connection = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            f"PRAGMA cache_size=-{CACHE_KIB}",
            "CREATE TABLE strings (id INTEGER PRIMARY KEY, value TEXT NOT NULL)",
            "BEGIN",
        ):
            self._connection.execute(statement)
        batch: list[tuple[int, str]] = []
        try:
            for number, value in enumerate(read_xml(pieces, _Strings(max_chars))):
                batch.append((number, value))
                if len(batch) == BATCH:
                    self._connection.executemany("INSERT INTO strings VALUES (?, ?)", batch)
                    batch.clear()
            self._connection.executemany("INSERT INTO strings VALUES (?, ?)", batch)
        except sqlite3.OperationalError as err:
            raise StorageFull from err

    def resolve(self, value: Any) -> Any:
        """Return the string that is meant, or any other value as it is.

        Raises:
            FileMalformed: there is no such string.
        """
        if not isinstance(value, SharedString):
            return value
        number, found = value.number, None
        if number.isdecimal() and len(number) < 10:
            found = self._connection.execute("SELECT value FROM strings WHERE id = ?", (int(number),)).fetchone()
        if found is None:
            raise FileMalformed("The workbook is damaged: a cell refers to a string that is not there.")
        return str(found[0])

    def close(self) -> None:
        """Delete the table."""
        self._connection.close()


class TextParts:
    """Gathers the runs of one string, up to a bound."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._parts: list[str] = []
        self._chars = 0

    def begin(self) -> None:
        """Start a new string."""
        self._parts, self._chars = [], 0

    def add(self, data: str) -> None:
        """Add a run; what is beyond the bound is dropped, and makes the text too long all the same."""
        if self._chars <= self._max_chars:
            self._parts.append(data[: self._max_chars + 1 - self._chars])
        self._chars += len(data)

    def join(self) -> str:
        """Return the string."""
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), "".join(self._parts))


class _Strings(Handler[str]):
    """Finds `<si>`: plain or rich text, but not how to pronounce it (`<rPh>`)."""

    def __init__(self, max_chars: int) -> None:
        super().__init__()
        self._text = TextParts(max_chars)
        self._is_text = self._is_phonetic = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "si":
            self._text.begin()
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "t":
            self._is_text = not self._is_phonetic

    def end(self, name: str) -> None:
        if name == "si":
            self.found.append(self._text.join().encode("utf-8", "replace").decode())
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "t":
            self._is_text = False

    def characters(self, data: str) -> None:
        if self._is_text:
            self._text.add(data)
