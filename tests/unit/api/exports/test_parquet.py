"""Parquet that is read back with its types, in several row groups."""

import io
from typing import Any

import pyarrow.parquet as pq

from api.exports.columns import choose_columns
from api.exports.parquet import ROW_GROUP_CHARS, ROW_GROUP_ROWS, write_parquet
from tests.unit.api.exports.rows import make_failed, make_row


def open_file(pages: Any, sample: Any, *, is_whole: bool = True) -> pq.ParquetFile:
    return pq.ParquetFile(io.BytesIO(b"".join(write_parquet(pages, choose_columns(sample, [], is_whole=is_whole)))))


def test_the_services_columns_have_types_and_the_callers_are_strings() -> None:
    rows = [make_row(0, client_id="r1", details={"店": "甲", "stars": 5, "sure": True}), make_failed(1)]

    table = open_file([rows], rows).read()

    assert {field.name: str(field.type) for field in table.schema} == {
        "id": "string", "text": "string", "店": "string", "stars": "string", "sure": "string", "index": "int64",
        "state": "string", "label": "string", "score": "double", "score_negative": "double",
        "score_positive": "double", "error": "string",
    }  # fmt: skip
    first, second = table.to_pylist()
    assert first == {
        "id": "r1", "text": "很好", "店": "甲", "stars": "5", "sure": "true", "index": 0, "state": "succeeded",
        "label": "positive", "score": 0.9, "score_negative": 0.1, "score_positive": 0.9, "error": None,
    }  # fmt: skip
    assert (second["score"], second["error"]) == (None, "scoring_failed: The model could not score this text.")


def test_a_later_value_of_another_type_breaks_nothing() -> None:
    first, later = [make_row(0, details={"n": 1})], [make_row(1, details={"n": "一", "x": [1]})]

    table = open_file([first, later], first, is_whole=False).read()

    assert table["n"].to_pylist() == ["1", "一"]
    assert table["metadata"].to_pylist() == [None, '{"x":[1]}']


def test_many_rows_are_sent_in_several_groups_as_they_come() -> None:
    pages = ([make_row(2_000 * page + number) for number in range(2_000)] for page in range(21))

    file = open_file(pages, [make_row()])

    assert file.num_row_groups == 3
    assert file.read(["index"])["index"].to_pylist() == list(range(42_000))
    assert file.metadata.row_group(0).num_rows == ROW_GROUP_ROWS


def test_long_texts_end_a_group_early() -> None:
    pages = [[make_row(number, text="字" * (ROW_GROUP_CHARS // 2))] for number in range(5)]

    assert open_file(pages, [make_row()]).num_row_groups == 3


def test_no_rows_are_a_file_with_columns() -> None:
    table = open_file([], []).read()

    assert (table.num_rows, table.column_names[:2]) == (0, ["id", "text"])
