"""Results as NDJSON: one line for each text, the same object that the paged JSON has."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from api.schemas.results import present_result


def write_ndjson(pages: Iterable[Sequence[Row[Any]]]) -> Iterator[bytes]:
    """Yield the lines, a page at a time."""
    for rows in pages:
        yield "".join(f"{present_result(row).model_dump_json()}\n" for row in rows).encode()
