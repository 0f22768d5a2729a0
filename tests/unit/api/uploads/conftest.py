"""Short ways from bytes to rows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.uploads.columns import Wanted
from api.uploads.formats import FileKind, Packing, UploadFormat
from api.uploads.reading import read_texts
from shared.queries.texts import NewText

Read = Callable[..., list[NewText]]


@pytest.fixture
def read() -> Read:
    """Return what reads a whole file, in pieces of a few bytes."""

    def read_file(
        content: bytes,
        upload_format: UploadFormat = UploadFormat.CSV,
        *,
        packing: Packing = Packing.NONE,
        encoding: str | None = None,
        piece_bytes: int = 7,
        max_unpacked_bytes: int = 10_000_000,
        **wanted: Any,
    ) -> list[NewText]:
        kind = FileKind(upload_format, packing)
        rows = read_texts(cut(content, piece_bytes), kind, encoding, Wanted(**wanted), max_unpacked_bytes)
        return list(rows)

    return read_file


def cut(content: bytes, piece_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(content), piece_bytes):
        yield content[start : start + piece_bytes]


def show(rows: list[NewText]) -> list[str]:
    """Return each row's text, or the code and line of what is wrong with it."""
    return [row.text if row.error is None else f"{row.error.code}@{row.error.line}" for row in rows]
