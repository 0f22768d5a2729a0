"""Finds texts that came before within their job, so that each is scored once and the others share its outcome."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from api.upload_errors import StorageFull
from shared.queries.texts import NewText

# Of 128 bits: among a million texts two have the same with a probability of 10 to the -27.
DIGEST_BYTES = 16
CACHE_KIB = 2_000


def mark_copies(texts: Sequence[NewText]) -> list[NewText]:
    """Return the texts of a whole job, of which each knows the first that is equal, and each first its copies."""
    marked = list(texts)
    firsts: dict[str, int] = {}
    counts: dict[int, int] = {}
    for position, new in enumerate(texts):
        first = firsts.setdefault(new.text, position)
        if first != position:
            marked[position] = replace(new, copy_of=first)
            counts[first] = counts.get(first, 0) + 1
    for first, count in counts.items():
        marked[first] = replace(marked[first], copy_count=count)
    return marked


class SeenTexts:
    """Which texts of an upload came where, however many: on disk and not in memory, for as long as the upload lasts.

    A private database of SQLite without a name, which it keeps in memory up to its cache's size, then in a file in the
    system's folder for such, and deletes by itself. A table for a million texts takes about 30 MB there.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            f"PRAGMA cache_size=-{CACHE_KIB}",
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
            "BEGIN",
        ):
            self._connection.execute(statement)

    def find_or_add(self, text: str, position: int) -> int | None:
        """Return where the text came first, or None if that is here.

        Raises:
            StorageFull: there is no room for the table.
        """
        digest = blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()
        try:
            added = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, position))
            if added.rowcount:
                return None
            return int(self._connection.execute("SELECT position FROM seen WHERE digest = ?", (digest,)).fetchone()[0])
        except sqlite3.OperationalError as err:
            raise StorageFull from err

    def close(self) -> None:
        """Delete the table."""
        self._connection.close()
