"""Translates what pydantic finds wrong with a request into places and plain words."""

from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from api.json_pointers import format_pointer
from api.request_errors import MAX_LISTED_ERRORS, FieldError, RequestInvalid
from api.schemas.base import QUERY_TITLE
from api.schemas.texts import OBJECT, STRING

# Where pydantic's own words are meant for programmers.
_WORDS: Mapping[str, str] = {
    "missing": "This field is missing.",
    "extra_forbidden": "There is no field of this name here; is it misspelt?",
    "string_type": "This must be a string.",
    "dict_type": "This must be a JSON object.",
    "list_type": "This must be a list.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "This has more than {max_length} characters.",
    "too_long": "This has {actual_length} entries; at most {max_length} are taken.",
}


def refuse_validation(error: ValidationError) -> NoReturn:
    """Raise what pydantic found as an error of this service; flask-openapi3 calls this in place of answering itself."""
    raise explain_validation(error) from error


def explain_validation(error: ValidationError) -> RequestInvalid:
    """Return the first hundred errors with their places, and how many there are in all."""
    # The caller's input stays out: it may be long, and it may be private.
    found = error.errors(include_url=False, include_input=False)[:MAX_LISTED_ERRORS]
    is_query = error.title == QUERY_TITLE
    return RequestInvalid([_explain(dict(one), is_query) for one in found], error.error_count())


def _explain(found: dict[str, Any], is_query: bool) -> FieldError:
    kind = found["type"]
    detail = _WORDS[kind].format(**found.get("ctx", {})) if kind in _WORDS else found["msg"]
    location: tuple[str | int, ...] = found["loc"]
    if is_query:
        return FieldError(kind, detail, parameter=str(location[0]) if location else None)
    return FieldError(kind, detail, pointer=format_pointer(_drop_form(location)))


def _drop_form(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the location without the form of a text, which stands behind its index and is no part of the body."""
    if location[:1] == ("texts",) and location[2:3] in ((STRING,), (OBJECT,)):
        return location[:2] + location[3:]
    return location
