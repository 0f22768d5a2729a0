"""CSV that another reader reads back as it was, and that no spreadsheet runs."""

import csv
import io
from typing import Any

import pytest

from api.exports.columns import choose_columns
from api.exports.csv_table import BOM, write_csv
from tests.unit.api.exports.rows import make_row


def export(*rows: Any, has_bom: bool = False, has_header: bool = True) -> bytes:
    columns = choose_columns(rows, [], is_whole=True)
    return b"".join(write_csv([rows], columns, has_bom=has_bom, has_header=has_header))


def read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


@pytest.mark.parametrize(
    "text", ["逗,号", '引"号"', "换\n行", "回\r\n车", " 空 格 ", "字\u2028隔", "分;号", "\u202e反"]
)
def test_texts_come_back_character_by_character(text: str) -> None:
    (row,) = read(export(make_row(text=text)))

    assert row["text"] == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_the_caller_begins_like_a_formula(start: str) -> None:
    formula = f"{start}cmd|' /C calc'!A0"

    table = export(make_row(client_id=formula, text=formula, details={formula: formula}))

    header, cells = list(csv.reader(io.StringIO(table.decode(), newline="")))
    assert [cells[0], cells[1], cells[2], header[2]] == [f"'{formula}"] * 4


def test_numbers_stay_numbers() -> None:
    (row,) = read(export(make_row(details={"change": -5, "share": -0.25, "sure": True, "none": None}, score=0.5)))

    assert (row["change"], row["share"], row["sure"], row["none"]) == ("-5", "-0.25", "true", "")
    assert (row["index"], row["score"]) == ("0", "0.5")


def test_a_byte_order_mark_comes_first_when_asked_for_and_only_then() -> None:
    assert export(make_row(), has_bom=True).startswith(BOM + b"id,text,")
    assert export(make_row(), has_bom=True, has_header=False).startswith(BOM)
    assert export(make_row()).startswith(b"id,text,")


def test_the_header_can_be_left_out() -> None:
    table = export(make_row(), has_header=False)

    assert table == ",很好,0,succeeded,positive,0.9,0.1,0.9,\r\n".encode()


def test_the_header_comes_before_any_page_is_read() -> None:
    def fail() -> Any:
        raise AssertionError("a page was read")
        yield

    pieces = write_csv(fail(), choose_columns([], [], is_whole=True), has_bom=False, has_header=True)

    assert next(pieces) == b"id,text,index,state,label,score,error\r\n"
