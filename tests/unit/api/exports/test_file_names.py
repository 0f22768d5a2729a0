"""What a download is called, on every system and in every script."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from werkzeug.http import parse_options_header

from api.exports.file_names import format_disposition, name_file
from api.exports.formats import ResultsFormat

JOB = UUID("0190f0c0-1111-7222-8333-444455556666")
DAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("评论.xlsx", "评论-scored.csv"),
        ("reviews.csv.gz", "reviews.csv-scored.csv"),
        ("C:\\docs\\a.csv", "C__docs_a-scored.csv"),
        ("../../etc/passwd", "passwd-scored.csv"),
        ('a"b;c\r\nX: y.csv', "a_b;cX_ y-scored.csv"),
        ("\u202exslx.评.csv", "xslx.评-scored.csv"),
        ("x" * 300 + ".csv", "x" * 100 + "-scored.csv"),
        (None, "sentiq-2026-01-31-444455556666.csv"),
        ("...", "sentiq-2026-01-31-444455556666.csv"),
        ({"not": "a name"}, "sentiq-2026-01-31-444455556666.csv"),
    ],
)
def test_a_download_is_named_after_its_source_or_its_job(source: object, name: str) -> None:
    assert name_file(source, JOB, DAY, ResultsFormat.CSV) == name


def test_a_plain_name_needs_one_form() -> None:
    assert format_disposition("a b.csv") == 'attachment; filename="a b.csv"'


@pytest.mark.parametrize("name", ["评论-scored.csv", "éclair.csv", "a;评'%.csv", "评 论.csv"])
def test_any_other_name_has_a_form_in_utf8_and_a_fallback(name: str) -> None:
    header = format_disposition(name)

    assert header.isascii()
    # werkzeug reads `filename*` in place of `filename`, as a browser does.
    assert parse_options_header(header) == ("attachment", {"filename": name})
    assert 'filename="' in header


def test_no_character_becomes_a_quote_in_the_fallback() -> None:
    header = format_disposition("评＂; filename=＂x.exe")

    assert parse_options_header(header)[1] == {"filename": "评＂; filename=＂x.exe"}
    assert header.split("; filename*=")[0] == 'attachment; filename="_; filename=_x.exe"'


def test_the_fallback_is_never_empty_nor_hidden() -> None:
    assert 'filename="scored.csv"' in format_disposition("评论-scored.csv")
    assert 'filename="results"' in format_disposition("评论")
