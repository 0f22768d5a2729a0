"""Which headers are keys, and what of a body its fingerprint sees."""

from typing import Any

import pytest

from api.idempotency_keys import parse_idempotency_key
from api.request_errors import IdempotencyKeyInvalid
from api.schemas.jobs import SubmitJob


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ('"order 42, part 1"', "order 42, part 1"),
        (r'"a\"b\\c"', r'a"b\c'),
        (" order-42 ", "order-42"),
        ("order/42+(x)=:;~", "order/42+(x)=:;~"),
        ("k" * 255, "k" * 255),
        ('"' + "k" * 255 + '"', "k" * 255),
    ],
)
def test_a_key_is_read_with_quotes_and_without(given: str, key: str) -> None:
    assert parse_idempotency_key([given]) == key


@pytest.mark.parametrize(
    "given",
    ["", " ", '""', '"', '"a', 'a"', 'a"b', '"a" b', '"a";b=1', "a b", "a,b", '"a","b"', r'"a\b"', r"a\b", "编号",
     '"编号"', "a\tb", '"a\tb"', "a\x7f", "k" * 256, '"' + "k" * 256 + '"'],
)  # fmt: skip
def test_anything_else_is_no_key(given: str) -> None:
    with pytest.raises(IdempotencyKeyInvalid):
        parse_idempotency_key([given])


def test_no_header_is_no_key_and_two_are_too_many() -> None:
    assert parse_idempotency_key([]) is None
    with pytest.raises(IdempotencyKeyInvalid):
        parse_idempotency_key(["a", "a"])


def fingerprint(**body: Any) -> str:
    return SubmitJob.model_validate(body).compute_fingerprint()


def test_a_fingerprint_sees_what_a_body_means_and_not_how_it_is_written() -> None:
    written = fingerprint(texts=[{"text": "好", "id": "1", "metadata": {"a": 1, "b": 2}}], model="m")
    otherwise = fingerprint(model="m", texts=[{"metadata": {"b": 2, "a": 1}, "id": "1", "text": "好"}], metadata=None)

    assert written == otherwise
    assert len(written) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"texts": ["差"]},
        {"texts": ["好", "好"]},
        {"texts": [{"text": "好"}], "model": "m"},
        {"texts": ["好"], "metadata": {"a": 1}},
        {"texts": ["好"], "neutral_band": 0.8},
        {"texts": ["好"], "expires_after": 60},
        {"texts": ["好"], "deadline": "2030-01-01T00:00:00Z"},
        {"texts": ["好"], "webhook": {"url": "https://hooks.example.com/"}},
    ],
)
def test_another_meaning_has_another_fingerprint(other: dict[str, Any]) -> None:
    assert fingerprint(**other) != fingerprint(texts=["好"])
