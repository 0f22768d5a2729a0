"""Results as Parquet, sent row group by row group.

The caller's columns are strings: their types could only be guessed from the first texts, and a later one of another
type would break the file. The service's own have types.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Row

from api.exports.columns import INDEX, SCORE, SCORE_PREFIX, Cell, Columns

# A row group is held in memory until it is whole; it ends at whichever comes first.
ROW_GROUP_ROWS = 20_000
ROW_GROUP_CHARS = 4_000_000


def write_parquet(pages: Iterable[Sequence[Row[Any]]], columns: Columns) -> Iterator[bytes]:
    """Yield the file: a piece for each row group, and the footer."""
    schema, outlet = _make_schema(columns), _Outlet()
    with pq.ParquetWriter(outlet, schema, compression="zstd") as writer:
        yield outlet.drain()
        for cells in _gather(pages, columns):
            values = zip(*cells, strict=True)
            arrays = [
                pa.array(_convert(column, field), field.type) for column, field in zip(values, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield outlet.drain()
    yield outlet.drain()


class _Outlet:
    """A file that keeps what was written only until it is drained."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def drain(self) -> bytes:
        """Return what was written since the last time."""
        drained = b"".join(self._pieces)
        self._pieces.clear()
        return drained


def _make_schema(columns: Columns) -> pa.Schema:
    own = {INDEX: pa.int64(), SCORE: pa.float64()} | {
        f"{SCORE_PREFIX}{label}": pa.float64() for label in columns.labels
    }
    return pa.schema([(name, own.get(name, pa.string())) for name in columns.names])


def _gather(pages: Iterable[Sequence[Row[Any]]], columns: Columns) -> Iterator[list[list[Cell]]]:
    """Yield the cells of one row group after the other, text by text."""
    read = columns.make_reader()
    group: list[list[Cell]] = []
    chars = 0
    for rows in pages:
        for row in rows:
            cells = read(row)
            group.append(cells)
            chars += sum(len(cell) for cell in cells if isinstance(cell, str))
        if len(group) >= ROW_GROUP_ROWS or chars >= ROW_GROUP_CHARS:
            yield group
            group, chars = [], 0
    if group:
        yield group


def _convert(values: Sequence[Cell], field: pa.Field) -> Sequence[Cell]:
    if not pa.types.is_string(field.type):
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
