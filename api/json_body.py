"""Strict JSON: everything that Python's parser lets pass though it is not JSON, or would break later, is refused here.

A lone surrogate breaks both databases and a NUL breaks PostgreSQL, so neither gets any further, wherever it stands.
"""

import json
import re
from collections.abc import Iterable, Iterator
from math import inf, isinf
from typing import Any, NoReturn

from flask import Request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import RequestEntityTooLarge

from api.json_pointers import format_pointer
from api.request_errors import BodyInvalid, ContentTypeUnsupported, FieldError, RequestInvalid

MAX_INTEGER_DIGITS = 100
# In a body that is valid UTF-8 and valid JSON these characters can only stand as escapes.
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StrictRequest(Request):
    """A request whose body is read as strict JSON, loudly: a caller that asks for silence gets none."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> dict[str, Any]:
        """Return the body's JSON object.

        Raises:
            BodyInvalid: there is no body, or it is not one JSON object.
            ContentTypeUnsupported: the body claims to be something else.
            RequestInvalid: a string in it cannot be stored.
        """
        body = self._read_whole_body()
        if not body:
            raise BodyInvalid('The body is empty: send a JSON object such as {"text": "服务很好"}.')
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise ContentTypeUnsupported(f"The body is encoded with {encoding[:20]!r}: send it as it is.")
        if not self.is_json:
            raise ContentTypeUnsupported
        return parse_object(body)

    def _read_whole_body(self) -> bytes:
        """Return the body, all of it: a stream that was cut off, by the caller or at the limit, is refused."""
        try:
            body = self.get_data(cache=False)
        except ParseException as err:
            raise BodyInvalid("The body's chunks are not as HTTP/1.1 (RFC 9112) wants them.") from err
        if self.content_length is not None and len(body) < self.content_length:
            raise BodyInvalid(f"The body ended after {len(body)} of {self.content_length} bytes.")
        if self.content_length is None and len(body) >= (self.max_content_length or inf):
            # Werkzeug ends a body that comes in chunks at the limit without a word.
            raise RequestEntityTooLarge
        return body


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that the body holds.

    Raises:
        BodyInvalid: the body is not one JSON object.
        RequestInvalid: a string in it holds a NUL or a lone surrogate.
    """
    document = _decode(body)
    try:
        parsed = parse_value(document)
    except json.JSONDecodeError as err:
        raise BodyInvalid(f"The body is not JSON: {err.msg}, at line {err.lineno}, column {err.colno}.") from err
    if not isinstance(parsed, dict):
        raise BodyInvalid('The body must be a JSON object, such as {"text": "服务很好"}.')
    if _RISKY_ESCAPE.search(document):
        _refuse_unstorable(parsed)
    return parsed


def parse_value(document: str) -> Any:
    """Return what the JSON stands for; its strings may hold what cannot be stored.

    Raises:
        BodyInvalid: Python would read it, but it is not JSON.
        json.JSONDecodeError: it is not JSON at all.
    """
    try:
        return _DECODER.decode(document)
    except RecursionError as err:
        raise BodyInvalid("The JSON is nested too deeply; no more than a few levels are needed here.") from err


def _decode(body: bytes) -> str:
    try:
        # Some editors and shells put a byte order mark before the first character; it does no harm.
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise BodyInvalid(f"The body is not UTF-8: the byte at offset {err.start} cannot be read.") from err


def _refuse_doubled_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        doubled = _find_doubled(key for key, _ in pairs)
        raise BodyInvalid(f"The key {doubled[:100]!r} stands twice in one JSON object; which one is meant?")
    return members


def _find_doubled(keys: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]


def _refuse_constant(name: str) -> NoReturn:
    raise BodyInvalid(f"{name} is not a JSON number; leave it out or send null.")


def _parse_float(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise BodyInvalid(f"The number {digits[:40]} is too large.")
    return number


def _parse_integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise BodyInvalid(f"An integer of {len(digits)} digits is too large; at most {MAX_INTEGER_DIGITS} are read.")
    return int(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_refuse_doubled_keys,
    parse_constant=_refuse_constant,
    parse_float=_parse_float,
    parse_int=_parse_integer,
)


def _refuse_unstorable(parsed: dict[str, Any]) -> None:
    errors = [
        FieldError("string_unstorable", _explain(character), pointer) for pointer, character in _list_unstorable(parsed)
    ]
    if errors:
        raise RequestInvalid(errors)


def _explain(character: str) -> str:
    if character == "\x00":
        return "This string holds the character U+0000, which cannot be stored; leave it out."
    return f"This string holds U+{ord(character):04X}, half of a surrogate pair, which is no character by itself."


def _list_unstorable(parsed: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the pointer to each unstorable string, key or value, in document order, with its first bad character."""
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), parsed)]
    while pending:
        path, value = pending.pop()
        members: list[tuple[tuple[str | int, ...], Any]] = []
        if isinstance(value, str):
            if found := _UNSTORABLE.search(value):
                yield format_pointer(path), found.group()
        elif isinstance(value, dict):
            for key, member in value.items():
                if found := _UNSTORABLE.search(key):
                    yield format_pointer((*path, key)), found.group()
                members.append(((*path, key), member))
        elif isinstance(value, list):
            members = [((*path, index), member) for index, member in enumerate(value)]
        pending.extend(reversed(members))
