"""NDJSON: strings, objects, and lines that are neither."""

import json
from typing import Any

import pytest

from api.upload_errors import ColumnUnknown, FileMalformed
from api.uploads import lines
from api.uploads.formats import UploadFormat
from shared.queries.texts import NewText
from tests.unit.api.uploads.conftest import Read, show


@pytest.fixture
def read_lines(read: Read) -> Any:
    def read_values(*values: Any, **wanted: Any) -> list[NewText]:
        content = "\n".join(
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values
        )
        return read(content.encode(), UploadFormat.NDJSON, **wanted)

    return read_values


def test_strings_and_objects_are_texts(read_lines: Any) -> None:
    rows = read_lines('"好"', {"text": "差", "id": 7, "metadata": {"n": 1}, "shop": "A"}, "", '  "行"  \r')

    assert [(row.text, row.client_id, row.metadata) for row in rows] == [
        ("好", None, None), ("差", "7", {"n": 1, "shop": "A"}), ("行", None, None)
    ]  # fmt: skip


def test_other_members_are_kept_flat(read_lines: Any) -> None:
    (row,) = read_lines({"评价": "好", "tags": ["a", "b"], "n": 2**70, "ok": True, "id": None}, text_column="评价")

    assert row.metadata == {"tags": '["a", "b"]', "n": str(2**70), "ok": True}


@pytest.mark.parametrize(
    "line",
    ["{", "nothing", "NaN", "1e999", '{"text": "a", "text": "b"}', "[1]", "null", "5", '["好"]' + " ", "[" * 5_000],
)
def test_a_line_that_is_no_text_fails_alone(read_lines: Any, line: str) -> None:
    assert show(read_lines('"好"', line, '"差"')) == ["好", "line_invalid@2", "差"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (r'"\ud83d"', "text_unstorable"),
        (r'"a\u0000"', "text_unstorable"),
        ('""', "text_blank"),
        ('{"text": 5}', "text_missing"),
        ('{"other": "a"}', "text_missing"),
    ],
)
def test_a_text_that_cannot_be_scored_fails_alone(read_lines: Any, line: str, code: str) -> None:
    assert show(read_lines('{"text": "好"}', line, '"差"')) == ["好", f"{code}@2", "差"]


def test_an_odd_character_in_metadata_harms_nothing(read_lines: Any) -> None:
    (row,) = read_lines(r'{"text": "好", "k\u0000": "\ud83d"}')

    assert (row.text, row.metadata) == ("好", {"k\ufffd": "\ufffd"})


def test_bytes_that_are_no_characters_fail_their_line(read: Read) -> None:
    content = '"好"\n'.encode() * 9 + b'"\xff"\n'

    assert show(read(content, UploadFormat.NDJSON))[-1] == "text_undecodable@10"


def test_a_json_array_and_a_missing_member_are_refused(read_lines: Any) -> None:
    with pytest.raises(FileMalformed, match="without brackets"):
        read_lines('["好", "差"]')
    with pytest.raises(ColumnUnknown, match=r"'评价'.*'a', 'b'"):
        read_lines({"a": "好", "b": 1}, text_column="评价")


def test_an_id_that_is_too_long_fails_its_row(read_lines: Any) -> None:
    assert show(read_lines({"text": "好", "id": "x" * 201})) == ["id_too_long@1"]


def test_blank_lines_without_end_are_refused(read_lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINES", 5)

    assert len(read_lines('"好"', "", "", "", '"差"')) == 2
    with pytest.raises(FileMalformed, match="more than 5 lines"):
        read_lines('"好"', "", "", "", "", '"差"')
