"""CSV and TSV with all that spreadsheets, scripts and accidents put into them."""

import pytest

from api.upload_errors import ColumnUnknown, FileMalformed
from api.uploads.encodings import GB18030
from api.uploads.formats import UploadFormat
from tests.unit.api.uploads.conftest import Read, show


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("piece_bytes", [1, 3, 1_000])
def test_rows_are_read_whatever_ends_the_lines(read: Read, end: str, piece_bytes: int) -> None:
    content = end.join(["id,评论,shop", "a1,物流很快,A", 'a2,"好，但是,贵",B', ""]).encode()

    rows = read(content, piece_bytes=piece_bytes)

    assert [(row.client_id, row.text, row.metadata) for row in rows] == [
        ("a1", "物流很快", {"shop": "A"}), ("a2", "好，但是,贵", {"shop": "B"})
    ]  # fmt: skip


def test_mixed_line_ends_and_breaks_within_cells_keep_the_line_numbers_right(read: Read) -> None:
    content = 'text\r\n好\n"两\r\n行"\r差\n\n""\n'.encode()

    assert show(read(content)) == ["好", "两\r\n行", "差", "text_blank@7"]


def test_characters_that_only_unicode_calls_line_ends_end_no_line(read: Read) -> None:
    assert show(read("text\n一\u2028二\x85三\x0b四\n".encode())) == ["一\u2028二\x85三\x0b四"]


@pytest.mark.parametrize(
    "content",
    [
        "text,shop\n很好,A\n".encode("utf-8-sig"),
        "text,shop\n很好,A\n".encode("gb18030"),
        "text;shop\n很好;A\n".encode(),
        "text\tshop\n很好\tA\n".encode(),
        "shop,text\nA,很好\n".encode(),
        "\n\n TEXT ,shop\n很好,A\n".encode(),
    ],
)
def test_encodings_delimiters_and_the_place_of_the_text_are_found(read: Read, content: bytes) -> None:
    (row,) = read(content)

    assert (row.text, row.metadata) == ("很好", {"shop": "A"})


def test_an_encoding_is_found_though_the_first_piece_ends_within_its_first_character(read: Read) -> None:
    content = "text\n" + "新的很好\n" * 20

    assert show(read(content.encode("gb18030"), piece_bytes=6)) == ["新的很好"] * 20


def test_an_encoding_that_is_told_is_used(read: Read) -> None:
    assert show(read("text\n模式\n".encode("gb18030"), encoding=GB18030)) == ["模式"]


def test_a_byte_that_is_no_character_fails_its_row_alone(read: Read) -> None:
    content = "text,shop\n很好,A\n坏".encode() + b"\xff\xfe,B\n" + "还行,".encode() + b"\xff\n"

    rows = read(content)

    assert show(rows) == ["很好", "text_undecodable@3", "还行"]
    assert (rows[1].text, rows[1].metadata, rows[2].metadata) == ("坏\ufffd\ufffd", {"shop": "B"}, {"shop": "\ufffd"})


def test_a_file_in_two_encodings_fails_the_rows_of_the_rarer(read: Read) -> None:
    content = b"text\n" + "很好很好很好\n".encode() * 50 + "很差\n".encode("gb18030")

    assert show(read(content))[-2:] == ["很好很好很好", "text_undecodable@52"]


@pytest.mark.parametrize("rest", [0, 30])
def test_an_open_quote_fails_its_line_and_no_other(read: Read, rest: int) -> None:
    content = '"te""xt",n\n好,1\n"没有引号,2\n差,3\n'.encode() + "行\n".encode() * rest

    shown = show(read(content, max_row_chars=60, text_column='te"xt'))

    assert shown == ["好", "line_invalid@3", "差", *["行"] * rest]


def test_open_quotes_on_every_line_take_no_longer_than_the_file(read: Read) -> None:
    content = b"text,n\n" + b'a"b,"c\n' * 20_000

    rows = read(content, piece_bytes=10_000, max_row_chars=10_000)

    assert len(rows) > 0


def test_a_cell_of_megabytes_fails_alone_and_is_not_kept(read: Read) -> None:
    content = "text\n好\n".encode() + b"x" * 3_000_000 + "\n差\n".encode()

    rows = read(content, piece_bytes=65_536, max_row_chars=1_000)

    assert show(rows) == ["好", "line_invalid@3", "差"]
    assert len(rows[1].text) == 200


def test_a_quoted_cell_of_megabytes_over_many_lines_fails_and_the_rest_is_read(read: Read) -> None:
    content = b"text\n" + b'"' + b"line\n" * 1_000 + b'"\n' + "差\n".encode()

    shown = show(read(content, piece_bytes=65_536, max_row_chars=1_000))

    assert (shown[0], shown[-1]) == ("line_invalid@2", "差")


def test_a_text_that_is_too_long_or_empty_fails_with_its_line(read: Read) -> None:
    rows = read("text,n\n,1\n\u200b,2\n好好好,3\n好,4\n".encode(), max_text_chars=2)

    assert show(rows) == ["text_blank@2", "text_blank@3", "text_too_long@4", "好"]
    assert rows[2].error is not None
    assert "3 characters; at most 2" in rows[2].error.detail


def test_a_row_with_more_cells_than_the_header_is_bad_and_one_with_fewer_has_no_more(read: Read) -> None:
    rows = read("n,text,shop\n1,好,但是,A\n2,好\n3,差,B,,\n4\n".encode())

    assert show(rows) == ["line_invalid@2", "好", "差", "text_missing@5"]
    assert rows[1].metadata == {"n": "2", "shop": None}


def test_columns_without_a_name_or_with_the_same_are_told_apart(read: Read) -> None:
    (row,) = read("text,,x,x\n好,1,2,3\n".encode())

    assert row.metadata == {"column_2": "1", "x": "2", "x.2": "3"}


@pytest.mark.parametrize(
    ("header", "wanted", "says"),
    [
        ("a,b", {}, "Which column holds the texts? Name it with `text_column`. Those there are: 'a', 'b'."),
        ("a,text", {"text_column": "评价"}, "There is no column '评价'. Those there are: 'a', 'text'."),
        ("a,text", {"id_column": "no"}, "There is no column 'no'. Those there are: 'a', 'text'."),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    read: Read, header: str, wanted: dict[str, str], says: str
) -> None:
    with pytest.raises(ColumnUnknown) as caught:
        read(f"{header}\n1,2\n".encode(), **wanted)

    assert caught.value.detail == says


def test_columns_are_taken_by_the_names_that_were_told(read: Read) -> None:
    (row,) = read("id,key,text,评价\n1,k,a,b\n".encode(), text_column="评价", id_column="key")

    assert (row.text, row.client_id, row.metadata) == ("b", "k", {"id": "1", "text": "a"})


@pytest.mark.parametrize("content", [b"", b"\n\n", b"text\n", "﻿".encode()])
def test_a_file_without_rows_has_none(read: Read, content: bytes) -> None:
    assert read(content) == []


def test_too_many_columns_and_an_unreadable_header_are_refused(read: Read) -> None:
    with pytest.raises(FileMalformed, match="more than 2 columns"):
        read(b"a,b,text\n1,2,3\n", max_columns=2)
    with pytest.raises(FileMalformed, match="first row"):
        read(b'"a,b\nc,d\n')


def test_utf_16_is_refused_with_what_to_do(read: Read) -> None:
    with pytest.raises(FileMalformed, match="save it as UTF-8"):
        read("text\n好\n".encode("utf-16"))


def test_a_nul_fails_its_row(read: Read) -> None:
    assert show(read("text\n好\0\n差\n".encode())) == ["text_unstorable@2", "差"]


def test_tsv_keeps_commas_and_formulas_stay_as_they_are(read: Read) -> None:
    assert show(read("text\tn\n好,好\t1\n=1+1\t2\n".encode(), UploadFormat.TSV)) == ["好,好", "=1+1"]
