"""What kind of file it is, and how it is packed: by the content type, or else by the file's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from api.request_errors import ContentTypeUnsupported

MULTIPART = "multipart/form-data"


class UploadFormat(StrEnum):
    """The formats of files that hold texts."""

    NDJSON = "ndjson"
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    PARQUET = "parquet"


class Packing(StrEnum):
    """How a file is packed."""

    NONE = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


MEDIA_TYPES: Mapping[str, UploadFormat] = {
    "application/x-ndjson": UploadFormat.NDJSON,
    "application/ndjson": UploadFormat.NDJSON,
    "application/jsonl": UploadFormat.NDJSON,
    "text/csv": UploadFormat.CSV,
    "text/tab-separated-values": UploadFormat.TSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": UploadFormat.XLSX,
    "application/vnd.apache.parquet": UploadFormat.PARQUET,
}
# These say nothing of the format; browsers on Windows call a CSV file by the name of Excel's old one.
VAGUE_TYPES = frozenset(
    {
        "application/octet-stream", "application/gzip", "application/x-gzip", "application/zstd",
        "application/vnd.ms-excel",
    }
)  # fmt: skip
_BY_SUFFIX: Mapping[str, UploadFormat] = {
    ".ndjson": UploadFormat.NDJSON,
    ".jsonl": UploadFormat.NDJSON,
    ".csv": UploadFormat.CSV,
    ".tsv": UploadFormat.TSV,
    ".tab": UploadFormat.TSV,
    ".xlsx": UploadFormat.XLSX,
    ".parquet": UploadFormat.PARQUET,
}
_PACKINGS: Mapping[str, Packing] = {".gz": Packing.GZIP, ".zst": Packing.ZSTD}
_ENCODINGS: Mapping[str, Packing] = {
    "": Packing.NONE, "identity": Packing.NONE, "gzip": Packing.GZIP, "x-gzip": Packing.GZIP, "zstd": Packing.ZSTD
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is."""

    upload_format: UploadFormat
    packing: Packing = Packing.NONE


def is_upload(media_type: str) -> bool:
    """Return whether a body of this type is, or may be, a file of texts."""
    return media_type == MULTIPART or media_type in MEDIA_TYPES or media_type in VAGUE_TYPES


def parse_content_encoding(encoding: str) -> Packing:
    """Return the packing that the header `Content-Encoding` names.

    Raises:
        ContentTypeUnsupported: it names another, or several.
    """
    try:
        return _ENCODINGS[encoding.strip().lower()]
    except KeyError as err:
        raise ContentTypeUnsupported(
            f"The body is encoded with {encoding[:20]!r}: send it as it is, or with `gzip` or `zstd`."
        ) from err


def find_kind(media_type: str, filename: str | None) -> FileKind:
    """Return what the file is by its type; where that is vague or missing, by its name.

    Raises:
        ContentTypeUnsupported: neither tells, or it is none that is read here.
    """
    path = PurePath((filename or "").lower())
    packing = _PACKINGS.get(path.suffix, Packing.NONE)
    by_name = _BY_SUFFIX.get(path.with_suffix("").suffix if packing is not Packing.NONE else path.suffix)
    upload_format = MEDIA_TYPES.get(media_type)
    if upload_format is None and (not media_type or media_type in VAGUE_TYPES):
        upload_format = by_name
    if upload_format is None:
        raise ContentTypeUnsupported(
            f"A file of the type {media_type[:80]!r} and the name {(filename or '')[-80:]!r} is not read here. These "
            f"are, by their type or, with `filename`, by their ending: {', '.join(_BY_SUFFIX)}, each also .gz or .zst."
        )
    return FileKind(upload_format, packing)
