"""Parquet, batch by batch: only the row group at hand is unpacked."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from api.upload_errors import FileMalformed, UploadTooLarge
from api.uploads.columns import Cells, Wanted, find_text_column, map_rows
from shared.queries.texts import NewText

BATCH_ROWS = 1_000
_SCALARS = (str, int, float, bool, type(None))


def read_parquet(file: BinaryIO, wanted: Wanted, max_unpacked_bytes: int) -> Iterator[NewText]:
    """Yield the rows; of a row its number counts as the line. Nested values are kept as JSON.

    Raises:
        ColumnUnknown: what was named is not there.
        FileMalformed: it is no Parquet file, a damaged one, or the texts are no strings.
        UploadTooLarge: it says that it unpacks to more than the limit.
    """
    try:
        table = pq.ParquetFile(file)
        groups = (table.metadata.row_group(at) for at in range(table.metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > max_unpacked_bytes:
            raise UploadTooLarge(f"Unpacked the file has more than {max_unpacked_bytes:,} bytes; send it in parts.")
        names = list(table.schema_arrow.names)
        if len(names) <= wanted.max_columns:
            _refuse_other_texts(table.schema_arrow, names, wanted)
        yield from map_rows(names, _read_rows(table), wanted)
    except (pa.ArrowException, OSError, ValueError) as err:
        raise FileMalformed("The file is no Parquet file, or a damaged one.") from err


def _refuse_other_texts(schema: pa.Schema, names: list[str], wanted: Wanted) -> None:
    at = find_text_column(names, wanted)
    if pa.types.is_nested(schema.field(at).type) or pa.types.is_binary(schema.field(at).type):
        raise FileMalformed(f"The column {names[at][:60]!r} holds {schema.field(at).type} and no texts.")


def _read_rows(table: pq.ParquetFile) -> Iterator[Cells]:
    line = 0
    for batch in table.iter_batches(batch_size=BATCH_ROWS):
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            line += 1
            yield Cells(line, [_flatten(value) for value in values])


def _flatten(value: Any) -> Any:
    """Return the value as JSON has it: times, decimals and bytes as strings, nested ones as JSON."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
