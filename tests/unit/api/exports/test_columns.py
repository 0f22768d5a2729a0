"""The columns of an export: the caller's own first, each name once, and no member of metadata lost."""

from typing import Any

from api.exports.columns import MAX_METADATA_COLUMNS, Cell, Columns, choose_columns
from tests.unit.api.exports.rows import make_failed, make_row


def read(columns: Columns, **row: Any) -> dict[str, Cell]:
    return dict(zip(columns.names, columns.make_reader()(make_row(**row)), strict=True))


def test_the_callers_columns_stand_before_those_of_the_service() -> None:
    sample = [make_row(details={"店": "甲", "stars": 5}), make_row(details={"stars": 4, "day": "周一"})]

    columns = choose_columns(sample, ["positive", "negative"], is_whole=True)

    assert columns.names == (
        "id", "text", "店", "stars", "day", "index", "state", "label", "score", "score_negative", "score_positive",
        "error",
    )  # fmt: skip


def test_the_cells_of_a_text_stand_under_their_names() -> None:
    columns = choose_columns([make_row(details={"店": "甲", "stars": 5})], [], is_whole=True)

    cells = read(columns, position=7, client_id="r1", details={"stars": 5})

    assert cells == {
        "id": "r1", "text": "很好", "店": None, "stars": 5, "index": 7, "state": "succeeded", "label": "positive",
        "score": 0.9, "score_negative": 0.1, "score_positive": 0.9, "error": None,
    }  # fmt: skip


def test_a_failed_text_says_why_in_one_cell() -> None:
    columns = choose_columns([], ["negative", "positive"], is_whole=True)

    cells = dict(zip(columns.names, columns.make_reader()(make_failed()), strict=True))

    assert (cells["label"], cells["score"], cells["score_positive"]) == (None, None, None)
    assert cells["error"] == "scoring_failed: The model could not score this text."


def test_a_bad_row_names_its_line() -> None:
    columns = choose_columns([make_failed()], ("negative", "positive"), is_whole=True)

    cells = dict(zip(columns.names, columns.make_reader()(make_failed(error_line=7)), strict=True))

    assert cells["error"] == "scoring_failed (line 7): The model could not score this text."


def test_members_that_only_later_texts_have_stand_together_as_json() -> None:
    columns = choose_columns([make_row(details={"a": 1})], [], is_whole=False)

    assert read(columns, details={"a": 1})["metadata"] is None
    assert read(columns, details={"a": 1, "后来": "乙", "n": 2})["metadata"] == '{"后来":"乙","n":2}'


def test_no_column_for_the_rest_where_every_text_was_looked_at() -> None:
    assert "metadata" not in choose_columns([make_row(details={"a": 1})], [], is_whole=True).names
    assert "metadata" in choose_columns([make_row(details={"a": 1})], [], is_whole=False).names


def test_more_members_than_there_may_be_columns_go_into_the_rest() -> None:
    details = {f"m{number}": number for number in range(MAX_METADATA_COLUMNS + 1)}

    columns = choose_columns([make_row(details=details)], [], is_whole=True)

    assert len(columns.metadata) == MAX_METADATA_COLUMNS
    assert read(columns, details=details)["metadata"] == f'{{"m{MAX_METADATA_COLUMNS}":{MAX_METADATA_COLUMNS}}}'


def test_a_member_named_like_a_column_of_the_service_gets_another_name() -> None:
    details = {"label": "mine", "metadata.label": "odd", "text": "t", "": "nameless", "score_positive": "5"}

    columns = choose_columns([make_row(details=details)], [], is_whole=True)
    cells = read(columns, details=details)

    assert len(set(columns.names)) == len(columns.names)
    assert cells["label"] == "positive"
    assert cells["metadata.label"] == "mine"
    assert cells["metadata.metadata.label"] == "odd"
    assert (cells["metadata.text"], cells["metadata."], cells["metadata.score_positive"]) == ("t", "nameless", "5")


def test_nested_values_are_json() -> None:
    details = {"tags": ["好", 1], "place": {"城": "北京"}}

    cells = read(choose_columns([make_row(details=details)], [], is_whole=True), details=details)

    assert (cells["tags"], cells["place"]) == ('["好",1]', '{"城":"北京"}')


def test_labels_that_some_text_has_got_have_a_column_too() -> None:
    columns = choose_columns([make_row(scores={"neutral": 1.0})], ["positive", "negative"], is_whole=True)

    assert columns.labels == ("negative", "neutral", "positive")
