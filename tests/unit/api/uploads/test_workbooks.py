"""XLSX as spreadsheet programs write it, and as nobody should."""

import io
import random
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from api.upload_errors import ColumnUnknown, FileMalformed, SheetUnknown, UploadTooLarge
from api.uploads.formats import UploadFormat
from shared.errors import SentiqError
from tests.unit.api.uploads.conftest import Read, show

SHEET = "xl/worksheets/sheet1.xml"


def make_book(*sheets: list[list[Any]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(row)
    return book


def save(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def replace_part(content: bytes, name: str, part: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, part if info.filename == name else old.read(info))
    return buffer.getvalue()


def make_sheet(rows: str) -> bytes:
    return f'<worksheet xmlns="http://x"><sheetData>{rows}</sheetData></worksheet>'.encode()


@pytest.fixture
def read_book(read: Read) -> Any:
    def read_content(content: bytes | openpyxl.Workbook, **wanted: Any) -> Any:
        content = content if isinstance(content, bytes) else save(content)
        return read(content, UploadFormat.XLSX, piece_bytes=10_000, **wanted)

    return read_content


def test_cells_of_every_kind_are_read(read_book: Any) -> None:
    book = make_book(
        [
            [], ["编号", "评论", "日期", "时间", "星", "比", "真"],
            [1, "很好", date(2026, 1, 31), datetime(2026, 1, 31, 18, 0, 5), 5, 0.1, True],  # noqa: DTZ001
            [None, "差\n真的", None, None, None, 1e300, None],
        ]
    )  # fmt: skip

    first, second = read_book(book, id_column="编号")

    assert (first.text, first.client_id) == ("很好", "1")
    assert first.metadata == {
        "日期": "2026-01-31", "时间": "2026-01-31 18:00:05", "星": 5, "比": 0.1, "真": True
    }  # fmt: skip
    assert (second.text, second.client_id) == ("差\n真的", None)
    assert second.metadata == {"日期": None, "时间": None, "星": None, "比": 1e300, "真": None}


def test_formulas_have_the_value_that_was_stored_and_errors_none(read_book: Any) -> None:
    cells = (
        '<row r="1"><c r="A1" t="str"><v>text</v></c><c r="B1" t="str"><v>n</v></c></row>'
        '<row r="4"><c r="A4" t="str"><f>CONCAT("很","好")</f><v>很好</v></c><c r="B4"><f>1+1</f><v>2</v></c></row>'
        '<row r="5"><c r="A5" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B5"><v>3</v></c></row>'
        '<row r="6"><c t="inlineStr"><is><r><t>富</t></r><r><t>文本</t></r><rPh><t>x</t></rPh></is></c></row>'
        '<row r="7"><c r="A7" s="1"/></row>'
    )

    rows = read_book(replace_part(save(make_book([["a"]])), SHEET, make_sheet(cells)))

    assert show(rows) == ["很好", "text_missing@5", "富文本"]
    assert rows[0].metadata == {"n": 2}


def test_merged_cells_have_their_value_in_the_first_and_rich_text_is_joined(read_book: Any) -> None:
    book = make_book([["shop", "text"], ["A", "好"], [None, "差"], ["B", None]])
    sheet = book["表1"]
    sheet.merge_cells("A2:A3")
    sheet["B2"].font = Font(bold=True)

    rows = read_book(book)

    assert show(rows) == ["好", "差", "text_missing@4"]
    assert [row.metadata for row in rows] == [{"shop": "A"}, {"shop": None}, {"shop": "B"}]


def test_the_sheet_that_is_named_is_read_or_the_first(read_book: Any) -> None:
    book = make_book([["text"], ["一"]], [["text"], ["二"]])

    assert show(read_book(book)) == ["一"]
    assert show(read_book(book, sheet="表2")) == ["二"]
    with pytest.raises(SheetUnknown, match="'表1', '表2'"):
        read_book(book, sheet="没有")


def test_an_empty_sheet_and_a_header_alone_have_no_rows(read_book: Any) -> None:
    assert read_book(make_book([])) == []
    assert read_book(make_book([["text", "n"]])) == []
    with pytest.raises(ColumnUnknown, match="'a', 'b'"):
        read_book(make_book([["a", "b"], [1, 2]]))


@pytest.mark.parametrize("content", [b"", b"text\n", b"PK\x03\x04", save(make_book([["text"], ["好"]]))[:-30]])
def test_what_is_no_workbook_is_refused(read_book: Any, content: bytes) -> None:
    with pytest.raises(FileMalformed, match="no workbook"):
        read_book(content)


def test_a_damaged_workbook_is_refused(read_book: Any) -> None:
    content = save(make_book([["text"], ["好"]]))

    with pytest.raises(FileMalformed, match="not well-formed"):
        read_book(replace_part(content, SHEET, b"<worksheet><sheetData>"))
    with pytest.raises(FileMalformed, match="a string that is not there"):
        read_book(replace_part(content, SHEET, make_sheet('<row r="1"><c t="s"><v>99</v></c></row>')))
    with pytest.raises(FileMalformed, match="password"):
        read_book(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))


def test_entities_are_refused(read_book: Any) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'

    with pytest.raises(FileMalformed, match="document type"):
        read_book(replace_part(save(make_book([["text"]])), SHEET, bomb))


def test_a_zip_bomb_ends_at_the_limit(read_book: Any) -> None:
    bomb = make_sheet('<row r="1"><c t="str"><v>text</v></c></row>' + " " * 30_000_000)

    with pytest.raises(UploadTooLarge):
        read_book(replace_part(save(make_book([["text"]])), SHEET, bomb), max_unpacked_bytes=1_000_000)


def test_a_cell_of_megabytes_fails_its_row_alone(read_book: Any) -> None:
    cells = "".join(
        f'<row r="{number}"><c t="str"><v>{value}</v></c></row>'
        for number, value in enumerate(["text", "好", "x" * 3_000_000, "差"], 1)
    )

    rows = read_book(replace_part(save(make_book([["text"]])), SHEET, make_sheet(cells)), max_row_chars=200_000)

    assert show(rows) == ["好", "line_invalid@3", "差"]


def test_a_cell_far_to_the_right_is_refused(read_book: Any) -> None:
    cells = '<row r="1"><c r="A1" t="str"><v>text</v></c><c r="XFD1" t="str"><v>x</v></c></row>'

    with pytest.raises(FileMalformed, match="more than 500 columns"):
        read_book(replace_part(save(make_book([["text"]])), SHEET, make_sheet(cells)))


def share(string: str, rows: int, columns: int) -> bytes:
    """Return a workbook in whose every cell below the header stands the same string, which it holds once."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:  # openpyxl would write it into each cell
        sheet = book.add_worksheet()
        for column in range(columns):
            sheet.write_string(0, column, str(column or "text"))
            for row in range(1, rows + 1):
                sheet.write_string(row, column, string)
    return buffer.getvalue()


def test_rows_that_share_a_long_string_take_no_memory_and_fail(read_book: Any) -> None:
    content = share("长" * 30_000, rows=100, columns=101)
    tracemalloc.start()

    rows = read_book(content, max_row_chars=50_000, max_unpacked_bytes=20_000_000)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert show(rows) == [f"line_invalid@{number}" for number in range(2, 102)]
    assert peak < 20_000_000


def test_strings_that_are_shared_too_often_end_at_the_limit(read_book: Any) -> None:
    with pytest.raises(UploadTooLarge, match="1,000,000 characters"):
        read_book(share("长" * 1_000, rows=2_000, columns=1), max_unpacked_bytes=1_000_000)


def test_an_empty_column_keeps_its_place_in_every_row(read_book: Any) -> None:
    rows = read_book(make_book([["text", "reply", "stars"], ["好", None, 5], ["差", "抱歉", 1], ["行"]]))

    assert [list((row.metadata or {}).items()) for row in rows] == [
        [("reply", None), ("stars", 5)], [("reply", "抱歉"), ("stars", 1)], [("reply", None), ("stars", None)]
    ]  # fmt: skip


def test_a_day_beyond_the_calendar_stays_a_number(read_book: Any) -> None:
    book = make_book([["text", "day"], ["好", date(2026, 1, 31)]])
    book.epoch = CALENDAR_MAC_1904
    cells = (
        '<row r="1"><c t="str"><v>text</v></c><c t="str"><v>day</v></c></row>'
        '<row r="2"><c t="str"><v>好</v></c><c s="1"><v>2958465</v></c></row>'
    )

    (row,) = read_book(replace_part(save(book), SHEET, make_sheet(cells)))

    assert row.metadata == {"day": 2958465}


XML_BOMBS = {
    "an endless tag": b"<worksheet a='" + b"a" * 3_000_000 + b"'/>",
    "tags in tags": b"<a>" * 200_000,
    "tags without number": b"<a>" + b"".join(b"<a%d/>" % number for number in range(20_000)) + b"</a>",
}


@pytest.mark.parametrize("name", XML_BOMBS)
def test_xml_that_only_fills_memory_is_refused(read_book: Any, name: str) -> None:
    with pytest.raises(FileMalformed, match="not as a spreadsheet program writes it"):
        read_book(replace_part(save(make_book([["text"]])), SHEET, XML_BOMBS[name]))


def test_a_huge_part_that_would_be_held_in_memory_is_refused(read_book: Any) -> None:
    styles = b"<styleSheet><cellXfs>" + b"<xf/>" * 4_000_000 + b"</cellXfs></styleSheet>"

    with pytest.raises(FileMalformed, match="far too large"):
        read_book(replace_part(save(make_book([["text"], ["好"]])), "xl/styles.xml", styles), max_unpacked_bytes=10**9)


def test_an_encoding_that_nobody_knows_and_other_ways_of_packing_are_refused(read_book: Any) -> None:
    content = save(make_book([["text"], ["好"]]))
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))

    with pytest.raises(FileMalformed):
        read_book(replace_part(content, SHEET, b"<?xml version='1.0' encoding='klingon'?><worksheet/>"))
    with pytest.raises(FileMalformed, match="not packed"):
        read_book(packed.getvalue())


def test_a_damaged_workbook_is_never_a_bug_of_ours(read_book: Any) -> None:
    content, dice = save(make_book([["text", "n"], ["好", 1], ["差", date(2026, 1, 31)]])), random.Random(7)

    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with suppress(SentiqError):
            read_book(bytes(damaged))
