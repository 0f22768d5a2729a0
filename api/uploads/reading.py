"""Reads a file of texts in whichever format it is: the one place that knows them all."""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from api.uploads.columns import Wanted
from api.uploads.delimited import read_table
from api.uploads.encodings import open_text
from api.uploads.formats import FileKind, UploadFormat
from api.uploads.ndjson import read_ndjson
from api.uploads.pieces import limit_pieces
from api.uploads.spooling import spooling
from api.uploads.unpacking import unpack
from api.uploads.workbooks import read_workbook
from shared.queries.texts import NewText

_DELIMITERS = {UploadFormat.CSV: None, UploadFormat.TSV: "\t"}


def read_texts(
    pieces: Iterator[bytes], kind: FileKind, encoding: str | None, wanted: Wanted, max_unpacked_bytes: int
) -> Iterator[NewText]:
    """Yield the rows of the file in their order, bad ones included, as its bytes come.

    Raises:
        ColumnUnknown: the file has not the column or sheet that was named, or none that must hold the texts.
        FileMalformed: it is not what it says it is.
        UploadInterrupted: the caller has gone before its end.
        UploadTooLarge: it is larger than the limits.
    """
    unpacked = limit_pieces(unpack(pieces, kind.packing), max_unpacked_bytes)
    if kind.upload_format in _SPOOLED:
        with spooling(unpacked) as file:
            yield from _SPOOLED[kind.upload_format](file, wanted, max_unpacked_bytes)
        return
    text = open_text(unpacked, encoding)
    if kind.upload_format is UploadFormat.NDJSON:
        yield from read_ndjson(text, wanted)
    else:
        yield from read_table(text, wanted, _DELIMITERS[kind.upload_format])


def _read_parquet(file: BinaryIO, wanted: Wanted, max_unpacked_bytes: int) -> Iterator[NewText]:
    # Imported when it is needed: pyarrow takes as much memory as all the rest of the API.
    from api.uploads.parquet import read_parquet

    return read_parquet(file, wanted, max_unpacked_bytes)


_SPOOLED: Mapping[UploadFormat, Callable[[BinaryIO, Wanted, int], Iterator[NewText]]] = {
    UploadFormat.XLSX: read_workbook,
    UploadFormat.PARQUET: _read_parquet,
}
