"""The formats in which results can be had, and which of them a caller means."""

from collections.abc import Mapping
from enum import StrEnum

from werkzeug.datastructures import MIMEAccept


class ResultsFormat(StrEnum):
    """How results are written: page by page, or all of them as a file."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


MEDIA_TYPES: Mapping[ResultsFormat, str] = {
    ResultsFormat.JSON: "application/json",
    ResultsFormat.NDJSON: "application/x-ndjson",
    ResultsFormat.CSV: "text/csv",
    ResultsFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ResultsFormat.PARQUET: "application/vnd.apache.parquet",
}
_TEXTUAL = (ResultsFormat.JSON, ResultsFormat.NDJSON, ResultsFormat.CSV)
_BY_MEDIA_TYPE = {media_type: result_format for result_format, media_type in MEDIA_TYPES.items()}


def choose_format(named: ResultsFormat | None, accepted: MIMEAccept) -> ResultsFormat:
    """Return the format that was named, or else the one that `Accept` likes best; JSON if it likes none of them."""
    if named is not None:
        return named
    return _BY_MEDIA_TYPE[accepted.best_match(_BY_MEDIA_TYPE, MEDIA_TYPES[ResultsFormat.JSON])]


def get_content_type(result_format: ResultsFormat) -> str:
    """Return what the header `Content-Type` says."""
    return MEDIA_TYPES[result_format] + ("; charset=utf-8" if result_format in _TEXTUAL else "")
