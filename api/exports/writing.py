"""Writes results in the format that was asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.exports.csv_table import write_csv
from api.exports.formats import ResultsFormat
from api.exports.ndjson import write_ndjson
from api.services.exporting import Export


@dataclass(frozen=True, slots=True)
class Form:
    """The format, and what CSV alone leaves open."""

    result_format: ResultsFormat
    has_bom: bool = False
    has_header: bool = True


def write_results(export: Export, form: Form) -> Iterator[bytes]:
    """Yield the bytes of the file; they are computed as they are taken.

    Raises:
        TooManyRows: the format cannot hold so many.
        ExportNotWritten: there is no room for the file that this format needs.
    """
    match form.result_format:
        case ResultsFormat.CSV:
            return write_csv(export.pages, export.columns, has_bom=form.has_bom, has_header=form.has_header)
        case ResultsFormat.XLSX:
            # Not loaded before somebody wants it, like the next one, which takes a quarter of a second and 76 MB.
            from api.exports.xlsx import check_row_count, write_xlsx

            check_row_count(export.row_count)
            return write_xlsx(export.pages, export.columns)
        case ResultsFormat.PARQUET:
            from api.exports.parquet import write_parquet

            return write_parquet(export.pages, export.columns)
        case _:  # pages of JSON are written elsewhere
            return write_ndjson(export.pages)
