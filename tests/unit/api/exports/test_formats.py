"""Which format a caller means."""

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from api.exports.formats import MEDIA_TYPES, ResultsFormat, choose_format, get_content_type

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", ResultsFormat.JSON),
        ("*/*", ResultsFormat.JSON),
        (BROWSER, ResultsFormat.JSON),
        ("image/png", ResultsFormat.JSON),
        ("text/csv", ResultsFormat.CSV),
        ("text/*", ResultsFormat.CSV),
        ("application/json;q=0.1, application/x-ndjson", ResultsFormat.NDJSON),
        ("text/csv;q=0.1, */*;q=0.5", ResultsFormat.JSON),
        *((media_type, result_format) for result_format, media_type in MEDIA_TYPES.items()),
    ],
)
def test_the_accept_header_chooses_unless_a_format_is_named(accept: str, chosen: ResultsFormat) -> None:
    accepted = parse_accept_header(accept, MIMEAccept)

    assert choose_format(None, accepted) == chosen
    assert choose_format(ResultsFormat.PARQUET, accepted) == ResultsFormat.PARQUET


def test_only_what_is_text_names_its_encoding() -> None:
    assert get_content_type(ResultsFormat.CSV) == "text/csv; charset=utf-8"
    assert get_content_type(ResultsFormat.PARQUET) == "application/vnd.apache.parquet"
