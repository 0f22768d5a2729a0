"""Which bodies are accepted, and where exactly the others are wrong."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.request_errors import RequestInvalid, TextBlank
from api.schemas.base import LIMITS, Limits
from api.schemas.jobs import JobsQuery, SubmitJob
from api.schemas.sentiment import SentimentRequest, present_sentiment
from api.schemas.texts import is_blank
from api.validation import explain_validation
from shared.queries.texts import NewText


@pytest.fixture
def small_limits() -> Iterator[None]:
    token = LIMITS.set(Limits(max_text_chars=5, max_texts=3))
    yield
    LIMITS.reset(token)


def find_errors(model: type[SubmitJob | SentimentRequest | JobsQuery], body: Any) -> RequestInvalid:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(body)
    return explain_validation(refusal.value)


def test_texts_are_taken_as_strings_and_as_objects() -> None:
    body = SubmitJob.model_validate({"texts": ["好", {"text": "坏", "id": "r1", "metadata": {"stars": 1}}]})

    assert body.to_new_texts() == [NewText("好"), NewText("坏", "r1", {"stars": 1})]


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "missing", "/texts"),
        ({"texts": []}, "texts_empty", "/texts"),
        ({"texts": "好"}, "list_type", "/texts"),
        ({"texts": None}, "list_type", "/texts"),
        ({"texts": {"text": "好"}}, "list_type", "/texts"),
        ({"texts": ["好", ""]}, "text_blank", "/texts/1"),
        ({"texts": [" \t\n\u3000"]}, "text_blank", "/texts/0"),
        ({"texts": [{"text": "\u200b"}]}, "text_blank", "/texts/0/text"),
        ({"texts": ["好", 5]}, "text_type", "/texts/1"),
        ({"texts": [None]}, "text_type", "/texts/0"),
        ({"texts": [["好"]]}, "text_type", "/texts/0"),
        ({"texts": [{"text": 5}]}, "string_type", "/texts/0/text"),
        ({"texts": [{"id": "a"}]}, "missing", "/texts/0/text"),
        ({"texts": [{"text": "好", "id": 5}]}, "string_type", "/texts/0/id"),
        ({"texts": [{"text": "好", "id": ""}]}, "string_too_short", "/texts/0/id"),
        ({"texts": [{"text": "好", "id": "x" * 201}]}, "string_too_long", "/texts/0/id"),
        ({"texts": [{"text": "好", "lang": "zh"}]}, "extra_forbidden", "/texts/0/lang"),
        ({"texts": ["好"], "texst": 1}, "extra_forbidden", "/texst"),
        ({"texts": ["好"], "model": 5}, "string_type", "/model"),
        ({"texts": ["好"], "metadata": []}, "dict_type", "/metadata"),
        ({"texts": ["好"], "metadata": {"a": {"b": 1}}}, "metadata_not_flat", "/metadata/a"),
        ({"texts": ["好"], "metadata": {"a": [1]}}, "metadata_not_flat", "/metadata/a"),
        ({"texts": ["好"], "metadata": {"a/b": 2**63}}, "metadata_too_large", "/metadata/a~1b"),
        ({"texts": ["好"], "metadata": {"a": "x" * 1_001}}, "metadata_too_long", "/metadata/a"),
        ({"texts": ["好"], "metadata": {str(n): n for n in range(51)}}, "too_long", "/metadata"),
        ({"texts": [{"text": "好", "metadata": {"a": [1]}}]}, "metadata_not_flat", "/texts/0/metadata/a"),
        ({"texts": ["好"], "neutral_band": "true"}, "neutral_band_type", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": [0.8]}, "neutral_band_type", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": {"threshold": 0.8}}, "neutral_band_type", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": 0.499}, "neutral_band_range", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": 80}, "neutral_band_range", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": -0.8}, "neutral_band_range", "/neutral_band"),
        ({"texts": ["好"], "neutral_band": 10**400}, "neutral_band_range", "/neutral_band"),
        ({"texts": [{"text": "好", "neutral_band": True}]}, "extra_forbidden", "/texts/0/neutral_band"),
    ],
)
def test_what_is_wrong_is_pointed_at(body: Any, code: str, pointer: str) -> None:
    errors = find_errors(SubmitJob, body).errors

    assert [(error.code, error.pointer) for error in errors] == [(code, pointer)]


@pytest.mark.usefixtures("small_limits")
def test_a_text_over_the_limit_is_pointed_at_with_both_numbers() -> None:
    found = find_errors(SubmitJob, {"texts": ["五个字正好", "这里有六个字", {"text": "这里有六个字"}]})

    assert [error.pointer for error in found.errors] == ["/texts/1", "/texts/2/text"]
    assert "6 characters; at most 5" in found.errors[0].detail


@pytest.mark.usefixtures("small_limits")
def test_too_many_texts_are_counted_before_any_is_looked_at() -> None:
    found = find_errors(SubmitJob, {"texts": [None] * 4})

    assert [(error.code, error.pointer) for error in found.errors] == [("too_many_texts", "/texts")]
    assert "4 texts; one job takes at most 3" in found.errors[0].detail


def test_of_very_many_errors_the_first_hundred_are_listed_and_all_are_counted() -> None:
    found = find_errors(SubmitJob, {"texts": [""] * 5_000})

    assert len(found.errors) == 100
    assert found.errors[99].pointer == "/texts/99"
    assert found.detail == "5,000 parts of the request cannot be accepted; `errors` lists the first 100."


def test_metadata_of_every_scalar_kind_comes_back_as_it_was() -> None:
    metadata = {"s": "中", "i": 2**63 - 1, "f": 1.5, "t": True, "n": None}

    assert SubmitJob.model_validate({"texts": ["好"], "metadata": metadata}).metadata == metadata


@pytest.mark.parametrize(
    ("sent", "taken"), [(True, True), (False, None), (None, None), (0.5, 0.5), (0.8, 0.8), (1, 1.0), (1.0, 1.0)]
)
def test_a_neutral_band_is_true_or_a_threshold(sent: object, taken: object) -> None:
    job = SubmitJob.model_validate({"texts": ["好"], "neutral_band": sent})
    single = SentimentRequest.model_validate({"text": "好", "neutral_band": sent})

    for band in (job.neutral_band, single.neutral_band):
        assert (type(band), band) == (type(taken), taken)


def test_without_a_word_there_is_no_neutral_band() -> None:
    assert SubmitJob.model_validate({"texts": ["好"]}).neutral_band is None
    assert SentimentRequest.model_validate({"text": "好"}).neutral_band is None


@given(st.floats(0.5, 1))
def test_every_threshold_within_the_bounds_is_taken_as_it_is(threshold: float) -> None:
    assert SentimentRequest.model_validate({"text": "好", "neutral_band": threshold}).neutral_band == threshold


@given(st.one_of(st.floats(), st.integers()).filter(lambda number: not 0.5 <= number <= 1))
def test_every_number_outside_is_refused_with_both_bounds(number: float) -> None:
    (error,) = find_errors(SentimentRequest, {"text": "好", "neutral_band": number}).errors

    assert (error.code, error.pointer) == ("neutral_band_range", "/neutral_band")
    assert "between 0.5 and 1" in error.detail


def test_a_wrong_parameter_is_named_as_a_parameter() -> None:
    errors = find_errors(JobsQuery, {"limit": "0", "stat": "queued"}).errors

    assert [(error.parameter, error.pointer) for error in errors] == [("limit", None), ("stat", None)]


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": ""}, {"text": " \u200b\u3000\n"}, {"texts": ["好"]}])
def test_the_simple_call_refuses_a_missing_or_blank_text_in_its_own_words(body: Any) -> None:
    with pytest.raises(TextBlank, match="输入文本不能为空"):
        SentimentRequest.model_validate(body)


def test_the_simple_call_answers_in_its_own_words() -> None:
    answer = present_sentiment("好", "positive", 0.97)
    neutral = present_sentiment("周三到的", "neutral", 0.61)

    assert answer.model_dump() == {"text": "好", "sentiment": "Positive", "confidence": 0.97, "emoji": "😊"}
    assert neutral.model_dump() == {"text": "周三到的", "sentiment": "Neutral", "confidence": 0.61, "emoji": "😐"}


@pytest.mark.parametrize(
    "text", ["", " ", "\t\r\n", "\u3000", "\u200b", "\ufeff\u2060", "\u202e", "\x07", "\u3164\ufe0f"]
)
def test_nothing_visible_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["好", " . ", "😀", "\U0001fae9", "\U0001f6d8", "[SEP]", "Ａ", "\u200b字", "\ue000"])
def test_anything_visible_is_not_blank_even_if_newer_than_pythons_tables(text: str) -> None:
    assert not is_blank(text)


def test_five_thousand_texts_are_validated_in_fifty_milliseconds() -> None:
    body = {"texts": [{"text": "物流很快，包装也好。" * 3, "id": str(n), "metadata": {"n": n}} for n in range(5_000)]}

    seconds = min(_time_validation(body) for _ in range(5))

    assert seconds < 0.05


def _time_validation(body: dict[str, Any]) -> float:
    # The thread's own time, so that neighbours on a busy machine do not count.
    started = time.thread_time()
    SubmitJob.model_validate(body).to_new_texts()
    return time.thread_time() - started
