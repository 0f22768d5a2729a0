"""Parquet files with columns of every type, nested ones among them."""

import io
import random
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.upload_errors import ColumnUnknown, FileMalformed, UploadTooLarge
from api.uploads.formats import UploadFormat
from shared.errors import SentiqError
from tests.unit.api.uploads.conftest import Read, show


def save(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.fixture
def read_parquet(read: Read) -> Any:
    return lambda content, **wanted: read(content, UploadFormat.PARQUET, piece_bytes=1_000, **wanted)


def test_columns_of_every_type_are_kept(read_parquet: Any) -> None:
    content = save(
        text=["好", None, "差"],
        id=[1, 2, 3],
        at=[datetime(2026, 1, 31, tzinfo=UTC)] * 3,
        price=[Decimal("1.50"), None, None],
        share=[0.5, float("nan"), 1.0],
        nested=[{"a": [{"b": "二"}]}, None, None],
        tags=[["x", "y"], [], None],
        raw=[b"abc", b"\xff", None],
    )

    rows = read_parquet(content)

    assert show(rows) == ["好", "text_missing@2", "差"]
    assert [row.client_id for row in rows] == ["1", "2", "3"]
    assert rows[0].metadata == {
        "at": "2026-01-31 00:00:00+00:00", "price": "1.50", "share": 0.5, "nested": '{"a": [{"b": "二"}]}',
        "tags": '["x", "y"]', "raw": "abc",
    }  # fmt: skip
    assert (rows[1].metadata or {})["share"] == "nan"


def test_a_nested_column_holds_no_texts(read_parquet: Any) -> None:
    with pytest.raises(FileMalformed, match="'text' holds list"):
        read_parquet(save(text=[["好"]]))
    with pytest.raises(ColumnUnknown, match="'a', 'b'"):
        read_parquet(save(a=[1], b=[2]))


def test_no_rows_are_no_rows(read_parquet: Any) -> None:
    assert read_parquet(save(text=pa.array([], pa.string()))) == []


def test_a_file_that_is_none_or_was_cut_off_is_refused(read_parquet: Any) -> None:
    content = save(text=["好"] * 100)

    for damaged in (b"", b"text\n", content[:-1], content[:100], content[10:]):
        with pytest.raises(FileMalformed, match="no Parquet file"):
            read_parquet(damaged)


def test_a_file_that_unpacks_to_too_much_is_refused(read_parquet: Any) -> None:
    content = save(text=[f"{number:06}" * 20 for number in range(10_000)])

    with pytest.raises(UploadTooLarge):
        read_parquet(content, max_unpacked_bytes=len(content))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_string_that_many_rows_share_takes_no_memory_and_is_counted(read_parquet: Any, kind: pa.DataType) -> None:
    shared = pa.array(["长" * 300_000, None, "好"] * 1_000, kind)
    content = save(text=["好"] * 3_000, note=shared)
    before = pa.total_allocated_bytes()
    tracemalloc.start()

    rows = read_parquet(content, max_row_chars=1_000, max_unpacked_bytes=1_000_000_000)
    with pytest.raises(UploadTooLarge, match="10,000,000 characters"):
        read_parquet(content, max_unpacked_bytes=10_000_000)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
    assert pa.total_allocated_bytes() - before < 10_000_000
    assert show(rows) == [f"line_invalid@{number}" if number % 3 == 1 else "好" for number in range(1, 3_001)]
    assert [(row.metadata or {}).get("note") for row in rows[1:3]] == [None, "好"]


def test_rows_of_many_groups_keep_their_order(read_parquet: Any) -> None:
    texts = [f"第{number % 1_500}条" for number in range(5_000)]
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), buffer, row_group_size=700)

    assert show(read_parquet(buffer.getvalue())) == texts


def test_a_damaged_file_is_never_a_bug_of_ours(read_parquet: Any) -> None:
    content, dice = save(text=["好", None, "差"], n=[1, 2, 3], tags=[["x"], [], None]), random.Random(7)

    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with suppress(SentiqError):
            read_parquet(bytes(damaged))
