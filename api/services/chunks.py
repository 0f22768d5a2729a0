"""Cuts an upload into chunks: what is stored in one transaction, soon after it came, and small enough to hold."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from api.request_errors import IdempotencyKeyReused
from api.services.copies import SeenTexts
from api.upload_errors import TooManyBadRows, TooManyTexts
from shared.queries.texts import NewText

CHUNK_ROWS = 2_000
CHUNK_CHARS = 1_000_000
CHUNK_SECONDS = 1.0  # so that a slow caller's first texts do not wait for the last


@dataclass(slots=True)
class Tally:
    """Counts and remembers the rows of one file, from its first one on, whether or not they are stored already."""

    max_texts: int
    max_bad_rows: int | None
    stored: int = 0  # by a request before
    stored_digest: str | None = None  # of those
    count: int = 0
    bad_rows: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _seen: SeenTexts = field(default_factory=SeenTexts)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what the rows so far hold."""
        return self._hash.hexdigest()

    def add(self, row: NewText) -> NewText:
        """Count the next row; return it with the place of an equal text before it.

        Raises:
            IdempotencyKeyReused: the rows that are stored already are others.
            TooManyTexts, TooManyBadRows: they are more than are taken.
        """
        position, self.count = self.count, self.count + 1
        if self.count > self.max_texts:
            raise TooManyTexts(f"The file holds more than {self.max_texts:,} texts; send it in parts.")
        self._hash.update(_serialize(row))
        if self.count == self.stored and self.digest != self.stored_digest:
            raise IdempotencyKeyReused
        if row.error is None:
            first = self._seen.find_or_add(row.text, position)
            return row if first is None else replace(row, copy_of=first)
        self.bad_rows += 1
        if self.max_bad_rows is not None and self.bad_rows > self.max_bad_rows:
            raise TooManyBadRows(
                f"The file has more than {self.max_bad_rows:,} bad rows. "
                f"The last one read is line {row.error.line:,}: {row.error.detail}"
            )
        return row

    def close(self) -> None:
        """Forget the texts."""
        self._seen.close()


def cut(rows: Iterable[NewText], tally: Tally) -> Iterator[list[NewText]]:
    """Yield the rows that are not stored yet, in chunks that are bounded in rows, characters and time."""
    chunk: list[NewText] = []
    chars, due = 0, time.monotonic() + CHUNK_SECONDS
    for row in rows:
        counted = tally.add(row)
        if tally.count <= tally.stored:
            continue
        chunk.append(counted)
        chars += len(row.text) + (
            0 if row.metadata is None else sum(len(str(value)) for value in row.metadata.values())
        )
        if len(chunk) >= CHUNK_ROWS or chars >= CHUNK_CHARS or time.monotonic() >= due:
            yield chunk
            chunk, chars, due = [], 0, time.monotonic() + CHUNK_SECONDS
    if chunk:
        yield chunk


def _serialize(row: NewText) -> bytes:
    """Return what the row holds, so that no two rows that differ are written alike."""
    code = "" if row.error is None else row.error.code
    return f"{len(row.text)} {row.text} {len(row.client_id or '')} {row.client_id} {code} {row.metadata!r}\n".encode()
