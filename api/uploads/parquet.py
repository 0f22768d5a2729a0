"""Parquet, batch by batch: a file holds a string that many rows share once, and so does this.

Columns of strings are read as dictionaries therefore: else a thousand rows of one long string would be a thousand
copies of it, and a file of kilobytes would fill the memory.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from api.upload_errors import FileMalformed, UploadTooLarge
from api.uploads.bounds import bound_rows
from api.uploads.columns import Wanted, find_text_column, map_rows
from shared.queries.texts import NewText

BATCH_ROWS = 1_000
BUFFER_BYTES = 1_000_000  # without a buffer a whole column of a row group is read at once, still packed
_SCALARS = (str, int, float, bool, type(None))


def read_parquet(file: BinaryIO, wanted: Wanted, max_unpacked_bytes: int) -> Iterator[NewText]:
    """Yield the rows; of a row its number counts as the line. Nested values are kept as JSON.

    Raises:
        ColumnUnknown: what was named is not there.
        FileMalformed: it is no Parquet file, a damaged one, or the texts are no strings.
        UploadTooLarge: it says that it unpacks to more than the limit, or its rows have more characters.
    """
    try:
        schema = pq.read_schema(file)
        table = pq.ParquetFile(file, read_dictionary=_list_string_columns(schema), buffer_size=BUFFER_BYTES)
        groups = (table.metadata.row_group(at) for at in range(table.metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > max_unpacked_bytes:
            raise UploadTooLarge(f"Unpacked the file has more than {max_unpacked_bytes:,} bytes; send it in parts.")
        names = list(schema.names)
        if len(names) <= wanted.max_columns:
            _refuse_other_texts(schema, names, wanted)
        rows = bound_rows(_read_rows(table), wanted.max_row_chars, max_unpacked_bytes)
        yield from map_rows(names, rows, wanted)
    except (pa.ArrowException, OSError, ValueError) as err:
        raise FileMalformed("The file is no Parquet file, or a damaged one.") from err


def _refuse_other_texts(schema: pa.Schema, names: list[str], wanted: Wanted) -> None:
    at = find_text_column(names, wanted)
    if pa.types.is_nested(schema.field(at).type) or pa.types.is_binary(schema.field(at).type):
        raise FileMalformed(f"The column {names[at][:60]!r} holds {schema.field(at).type} and no texts.")


def _list_string_columns(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]


def _read_rows(table: pq.ParquetFile) -> Iterator[tuple[int, Iterable[Any]]]:
    line = 0
    for batch in table.iter_batches(batch_size=BATCH_ROWS):
        columns = [_list_values(column) for column in batch.columns]
        for values in zip(*columns, strict=True):
            line += 1
            yield line, map(_flatten, values)


def _list_values(column: pa.Array) -> list[Any]:
    """Return the column's values, equal ones of a dictionary as the same object."""
    if not isinstance(column, pa.DictionaryArray):
        return column.to_pylist()  # type: ignore[no-any-return]
    places = column.indices.to_pylist()
    used = sorted({place for place in places if place is not None})
    values = dict(zip(used, column.dictionary.take(pa.array(used, pa.int64())).to_pylist(), strict=True))
    return [values.get(place) for place in places]


def _flatten(value: Any) -> Any:
    """Return the value as JSON has it: times, decimals and bytes as strings, nested ones as JSON."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
