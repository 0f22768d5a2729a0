"""Workbooks that another library opens, and in which nothing has become a formula, a link or a number."""

import io
import resource
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from api.export_errors import ExportNotWritten, TooManyRows
from api.exports.columns import choose_columns
from api.exports.xlsx import CUT, MAX_CELL_UNITS, MAX_ROWS, check_row_count, write_xlsx
from tests.unit.api.exports.rows import make_row


def open_sheet(*rows: Any) -> list[dict[str, Any]]:
    """Return the cells of each row by the name of their column, as openpyxl has them."""
    workbook = load_workbook(io.BytesIO(b"".join(write_xlsx([rows], choose_columns(rows, [], is_whole=True)))))
    header, *cells = workbook["results"].iter_rows()
    workbook.close()
    return [dict(zip([name.value for name in header], row, strict=True)) for row in cells]


def test_every_value_has_its_type() -> None:
    details = {"店": "甲", "stars": 5, "share": -0.25, "sure": True, "big": 2**60, "none": None}

    (row,) = open_sheet(make_row(3, client_id="r1", details=details))

    values = {name: cell.value for name, cell in row.items()}
    assert values == {
        "id": "r1", "text": "很好", "店": "甲", "stars": 5, "share": -0.25, "sure": True, "big": str(2**60),
        "none": None, "index": 3, "state": "succeeded", "label": "positive", "score": 0.9, "score_negative": 0.1,
        "score_positive": 0.9, "error": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "https://example.com", "007", "{=1}", "TRUE", "\t=1"])
def test_strings_stay_strings(text: str) -> None:
    (row,) = open_sheet(make_row(text=text))

    assert (unescape(row["text"].value), row["text"].data_type, row["text"].hyperlink) == (text, "s", None)


@pytest.mark.parametrize("text", ["a\x01b", "行\n行", "_x0041_", "<&>\"'", "😀\U0001fae9", " 空 ", "\r\n字"])
def test_odd_characters_survive(text: str) -> None:
    (row,) = open_sheet(make_row(text=text))

    assert unescape(row["text"].value) == text


def test_a_text_that_no_cell_can_hold_is_cut_and_says_so() -> None:
    (fits, wide, long) = open_sheet(
        make_row(text="字" * MAX_CELL_UNITS), make_row(text="😀" * MAX_CELL_UNITS), make_row(text="字" * 100_000)
    )

    assert fits["text"].value == "字" * MAX_CELL_UNITS
    for cell in (wide["text"], long["text"]):
        assert cell.value.endswith(CUT)
        assert MAX_CELL_UNITS - 1 <= len(cell.value.encode("utf-16-le")) / 2 <= MAX_CELL_UNITS
    assert wide["text"].value.removesuffix(CUT).strip("😀") == ""


def test_more_rows_than_a_sheet_has_are_refused() -> None:
    check_row_count(MAX_ROWS)

    with pytest.raises(TooManyRows, match="holds 1,048,575 results and these are 1,048,576"):
        check_row_count(MAX_ROWS + 1)


def test_no_room_for_the_temporary_file_is_an_error_with_advice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    nothing: Sequence[Any] = ()

    with pytest.raises(ExportNotWritten, match="take CSV"):
        list(write_xlsx([nothing], choose_columns([], [], is_whole=True)))


def test_a_workbook_that_is_not_finished_leaves_nothing_on_the_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def pages() -> Iterator[Sequence[Any]]:
        yield [make_row(0, text="字" * 30_000)] * 200

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ExportNotWritten):
            list(write_xlsx(pages(), choose_columns([], [], is_whole=True)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(tmp_path.iterdir()) == []
