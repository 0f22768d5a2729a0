"""What is not JSON is refused with its reason; what is odd but right is read."""

import json
from io import BytesIO

import pytest

from api.json_body import StrictRequest, parse_object
from api.request_errors import BodyInvalid, RequestInvalid


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "Expecting value, at line 1, column 1"),
        (b'{"a": 1,}', "at line 1, column 9"),
        (b'{"a": 1} trailing', "Extra data"),
        (b"{'a': 1}", "double quotes"),
        (b'{"a": "line\nbreak"}', "Invalid control character"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": Infinity}', "Infinity is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1e400}', "The number 1e400 is too large"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "An integer of 5000 digits is too large"),
        (b'{"a": 1, "b": 2, "a": 3}', "The key 'a' stands twice"),
        (b'{"a": {"text": "x", "text": "y"}}', "The key 'text' stands twice"),
        (b'{"a": ' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply"),
        (b'{"a": "\xff"}', "not UTF-8: the byte at offset 7"),
        ('{"a": "好"}'.encode("gbk"), "not UTF-8"),
        ('{"a": "好"}'.encode("utf-16"), "not UTF-8"),
        (b"[1]", "must be a JSON object"),
        (b'"{}"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"   ", "Expecting value"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BodyInvalid) as refusal:
        parse_object(body)

    assert reason in refusal.value.detail


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (r'{"text": "a\u0000b"}', "/text"),
        (r'{"text": "\ud83d"}', "/text"),
        (r'{"text": "\ude00\ud83d"}', "/text"),
        (r'{"texts": ["ok", {"text": "\uDC00"}]}', "/texts/1/text"),
        (r'{"texts": [{"id": "\u0000", "text": "ok"}]}', "/texts/0/id"),
        (r'{"texts": [{"metadata": {"k": "\ud800"}}]}', "/texts/0/metadata/k"),
        (r'{"metadata": {"a\u0000": 1}}', "/metadata/a\x00"),
        (r'{"metadata": {"a/~\ud800": 1}}', r"/metadata/a~1~0\ud800"),
    ],
)
def test_a_string_that_cannot_be_stored_is_pointed_at(document: str, pointer: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        parse_object(document.encode())

    assert [(error.code, error.pointer) for error in refusal.value.errors] == [("string_unstorable", pointer)]


def test_every_unstorable_string_is_listed_in_document_order() -> None:
    with pytest.raises(RequestInvalid) as refusal:
        parse_object(rb'{"a": ["\u0000", {"b": "\ud800"}], "c": "\u0000"}')

    assert [error.pointer for error in refusal.value.errors] == ["/a/0", "/a/1/b", "/c"]


def test_escaped_emoji_are_whole_characters() -> None:
    parsed = parse_object(json.dumps({"text": "好😀"}).encode("ascii"))

    assert parsed == {"text": "好😀"}


def test_an_escape_that_is_itself_escaped_is_only_text() -> None:
    assert parse_object(rb'{"text": "\\u0000 \\ud800"}') == {"text": r"\u0000 \ud800"}


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_object(b'\xef\xbb\xbf{"text": "x"}') == {"text": "x"}


def test_the_same_key_may_stand_in_two_objects() -> None:
    assert parse_object(b'{"texts": [{"text": "x"}, {"text": "y"}]}')["texts"] == [{"text": "x"}, {"text": "y"}]


def test_a_doubled_key_is_found_quickly_among_very_many() -> None:
    pairs = ",".join(f'"{number}":0' for number in range(200_000))

    with pytest.raises(BodyInvalid, match="The key '199999' stands twice"):
        parse_object(f'{{{pairs},"199999":1}}'.encode())


def test_a_body_that_ends_before_its_length_is_refused() -> None:
    request = StrictRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "100",
            "wsgi.input": BytesIO(b'{"texts": ["a"]}'),
            "wsgi.input_terminated": True,
        }
    )
    request.max_content_length = 1_000

    with pytest.raises(BodyInvalid, match="The body ended after 16 of 100 bytes"):
        request.get_json(silent=True)
