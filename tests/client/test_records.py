"""Streams are cut into records wherever their pieces end."""

import csv
import io

import pytest

from sentiq import AnswerUnreadable
from sentiq.records import CSVCutter, LineCutter, read_csv_index
from sentiq.writers import CSVWriter

TABLE = [["id", "text", "index"], ["1", 'a "quoted"\nline', "0"], ["2", "好,坏\r\n", "1"], ["", "", "2"]]


def write_table() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(TABLE)
    return text.getvalue().encode()


@pytest.mark.parametrize("size", range(1, 40))
def test_records_of_csv_are_whole_whatever_pieces_they_come_in(size: int) -> None:
    content, cutter = write_table(), CSVCutter()

    records = [
        record for begin in range(0, len(content), size) for record in cutter.feed(content[begin : begin + size])
    ]

    assert cutter.is_between_records
    assert [next(csv.reader(io.StringIO(record.decode(), newline=""))) for record in records] == TABLE
    assert [read_csv_index(records[0], record) for record in records[1:]] == [0, 1, 2]


@pytest.mark.parametrize("size", range(1, 10))
def test_lines_are_whole_whatever_pieces_they_come_in(size: int) -> None:
    content, cutter = '{"a":"好"}\n{}\n'.encode(), LineCutter()

    lines = [line for begin in range(0, len(content), size) for line in cutter.feed(content[begin : begin + size])]

    assert [line.decode() for line in lines] == ['{"a":"好"}', "{}"]
    assert cutter.is_between_records


def test_a_rest_is_known_as_one() -> None:
    lines, table = LineCutter(), CSVCutter()

    assert (lines.feed(b"a\nb"), table.feed(b'a\n"b\n')) == ([b"a"], [b"a\n"])
    assert (lines.is_between_records, table.is_between_records) == (False, False)


def test_a_long_record_in_many_pieces_is_gone_through_once() -> None:
    cutter = CSVCutter()

    for _ in range(2_000):
        assert cutter.feed(b"x" * 1_000) == []

    assert [len(record) for record in cutter.feed(b"\n")] == [2_000_001]


def test_the_index_is_found_behind_a_text_of_any_length_and_content() -> None:
    text = 'a "quoted", ' + "好" * 200_000

    record = f'"{text.replace(chr(34), chr(34) * 2)}",,7,\r\n'.encode()

    assert read_csv_index(b'\xef\xbb\xbftext,"a, ""b""",index,error\r\n', record) == 7


def test_a_stream_that_goes_on_without_a_header_of_its_own_loses_no_record() -> None:
    file = io.BytesIO()
    writer = CSVWriter(file)
    writer.begin()
    writer.write(b"text,index\r\na,0\r\nb,")
    assert writer.after == 0

    writer.begin()
    writer.write(b"b,1\r\n")

    assert file.getvalue() == b"text,index\r\na,0\r\nb,1\r\n"
    assert (writer.after, writer.is_whole) == (1, True)


def test_a_stream_that_goes_on_with_other_columns_is_not_mixed_with_the_first() -> None:
    writer = CSVWriter(io.BytesIO())
    writer.begin()
    writer.write(b"text,index\na,0\n")
    writer.begin()

    with pytest.raises(AnswerUnreadable):
        writer.write(b"text,shop,index\nb,A,1\n")
