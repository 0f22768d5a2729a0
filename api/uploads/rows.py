"""One row of a file as a text: checked, or with the reason why it is none. A bad row never stops the file.

What a bad row holds is kept as far as it can be stored and shown: its beginning, with U+FFFD for what is no character.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from api.schemas.texts import MAX_ID_CHARS, is_blank
from shared.queries.texts import NewText, RowError
from shared.states import ErrorCode

SHOWN_CHARS = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile("[\udc80-\udcff]")  # a byte that is no character (PEP 383)


def make_text(
    line: int, text: Any, client_id: str | None, metadata: Mapping[str, Any] | None, max_chars: int
) -> NewText:
    """Return the text of this line of the file, or what is wrong with it."""
    if not isinstance(text, str):
        return fail_row(line, "", ErrorCode.TEXT_MISSING, "There is no text in this row.", client_id, metadata)
    fault = _find_fault(text, client_id, max_chars)
    if fault is not None:
        return fail_row(line, text, *fault, client_id, metadata)
    return NewText(text, _clean_id(client_id), _clean_members(metadata))


def fail_row(
    line: int,
    shown: str,
    code: ErrorCode,
    detail: str,
    client_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> NewText:
    """Return a row that is no text, with the beginning of what it holds."""
    return NewText(
        clean(shown[:SHOWN_CHARS]), _clean_id(client_id), _clean_members(metadata), RowError(code, detail, line)
    )


def is_undecodable(text: str) -> bool:
    """Return whether the text holds a byte that is no character."""
    return _ESCAPED.search(text) is not None


def clean(text: str) -> str:
    """Return the text with U+FFFD for each character that no database stores."""
    return _UNSTORABLE.sub("\ufffd", text)


def _find_fault(text: str, client_id: str | None, max_chars: int) -> tuple[ErrorCode, str] | None:
    if len(text) > max_chars:
        return ErrorCode.TEXT_TOO_LONG, f"This text has {len(text):,} characters; at most {max_chars:,} are taken."
    if odd := _UNSTORABLE.search(text):
        if is_undecodable(text):
            return (
                ErrorCode.TEXT_UNDECODABLE,
                "This text holds bytes that are no characters in the file's encoding; `charset=` tells which it is.",
            )
        return ErrorCode.TEXT_UNSTORABLE, f"This text holds U+{ord(odd[0]):04X}, which cannot be stored."
    if is_blank(text):
        return ErrorCode.TEXT_BLANK, "This text is empty: it holds nothing that can be seen."
    if client_id is not None and len(client_id) > MAX_ID_CHARS:
        return ErrorCode.ID_TOO_LONG, f"The id has {len(client_id):,} characters; at most {MAX_ID_CHARS} are kept."
    return None


def _clean_id(client_id: str | None) -> str | None:
    return clean(client_id[:MAX_ID_CHARS]) if client_id else None


def _clean_members(metadata: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if not metadata:
        return None
    return {clean(name): _clean_value(value) for name, value in metadata.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, float) and not isfinite(value) else value
