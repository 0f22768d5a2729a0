"""Texts as callers send them: which strings count as text, and what may go with one."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.base import LIMITS, RequestBody

MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_CHARS = 100
MAX_METADATA_VALUE_CHARS = 1_000
MAX_ID_CHARS = 200
INT64 = range(-(2**63), 2**63)

# Control and format characters, surrogates and white space. Unassigned code points (Cn) are left out on purpose: an
# emoji newer than Python's tables is one of them.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
# Letters, marks and symbols by category, but blank on every screen: fillers, joiners, and variation selectors.
_INVISIBLE_CHARACTERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}


def is_blank(text: str) -> bool:
    """Return whether nothing in the text can be seen."""
    return all(
        unicodedata.category(character) in _INVISIBLE_CATEGORIES or character in _INVISIBLE_CHARACTERS
        for character in text
    )


def check_text(text: str) -> str:
    """Return the text, if there is something to read and not too much of it."""
    limit = LIMITS.get().max_text_chars
    if len(text) > limit:
        raise PydanticCustomError(
            "text_too_long",
            "This text has {chars} characters; at most {limit} are taken. Cut it into several texts.",
            {"chars": len(text), "limit": limit},
        )
    if is_blank(text):
        raise PydanticCustomError("text_blank", "This text is empty: it holds nothing that can be seen.")
    return text


def check_scalar(value: Any) -> Any:
    """Return a value of metadata, if it is a string, a number, a boolean or null, of reasonable size."""
    if isinstance(value, str) and len(value) > MAX_METADATA_VALUE_CHARS:
        raise PydanticCustomError(
            "metadata_too_long",
            "A metadata string has at most {limit} characters.",
            {"limit": MAX_METADATA_VALUE_CHARS},
        )
    if isinstance(value, int) and value not in INT64:
        raise PydanticCustomError("metadata_too_large", "This integer needs more than 64 bits; send it as a string.")
    if value is not None and not isinstance(value, str | int | float):
        raise PydanticCustomError(
            "metadata_not_flat", "A metadata value is a string, a number, a boolean or null; not an object or a list."
        )
    return value


Scalar = Annotated[
    Any,
    AfterValidator(check_scalar),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": MAX_METADATA_VALUE_CHARS},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]
Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY_CHARS)], Scalar],
    Field(
        max_length=MAX_METADATA_KEYS,
        description="A flat object of your own: strings, numbers, booleans or nulls, given back with the result.",
    ),
]
TextContent = Annotated[
    str,
    AfterValidator(check_text),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "description": "What to score, as long as you like within the limit."}
    ),
]


class TextItem(RequestBody):
    """One text with a name and facts of your own."""

    text: TextContent
    id: Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)] | None = None
    metadata: Metadata | None = None


STRING, OBJECT = "string", "object"


def _choose_form(value: Any) -> str | None:
    if isinstance(value, str):
        return STRING
    return OBJECT if isinstance(value, dict | TextItem) else None


TextInput = Annotated[
    Annotated[TextContent, Tag(STRING)] | Annotated[TextItem, Tag(OBJECT)],
    Discriminator(
        _choose_form,
        custom_error_type="text_type",
        custom_error_message="A text is a string, or an object with `text` and perhaps `id` and `metadata`.",
    ),
]


def check_text_count(value: Any) -> Any:
    """Return the list, if it is not empty and not too long; counted before its items cost anything."""
    if not isinstance(value, list):
        return value
    if not value:
        raise PydanticCustomError("texts_empty", "The list is empty: send at least one text.")
    limit = LIMITS.get().max_texts
    if len(value) > limit:
        raise PydanticCustomError(
            "too_many_texts",
            "There are {count} texts; one job takes at most {limit}. Send them as several jobs.",
            {"count": len(value), "limit": limit},
        )
    return value


Texts = Annotated[list[TextInput], BeforeValidator(check_text_count), Field(min_length=1)]
