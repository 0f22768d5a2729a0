"""Opaque cursors of the paged lists: where the next page begins, as URL-safe text."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from api.request_errors import CursorInvalid

# The first byte says which list a cursor belongs to, so that one of another list is refused.
_JOBS = b"j"
_RESULTS = b"r"
_DELIVERIES = b"d"
_ENDPOINTS = b"w"
_POSITION = struct.Struct(">I")


def encode_jobs_cursor(last: UUID) -> str:
    """Return the cursor of the page of jobs that follows the job `last`."""
    return _encode(_JOBS + last.bytes)


def decode_jobs_cursor(cursor: str) -> UUID:
    """Return the last job of the page before.

    Raises:
        CursorInvalid: this is not a cursor that a list of jobs gave out.
    """
    return UUID(bytes=_decode(cursor, _JOBS, 16))


def encode_results_cursor(last: int) -> str:
    """Return the cursor of the page of results that follows the text at index `last`."""
    return _encode(_RESULTS + _POSITION.pack(last))


def decode_results_cursor(cursor: str) -> int:
    """Return the index of the last text of the page before.

    Raises:
        CursorInvalid: this is not a cursor that a list of results gave out.
    """
    position: int = _POSITION.unpack(_decode(cursor, _RESULTS, _POSITION.size))[0]
    if position > 2**31 - 1:  # the database's integers end here
        raise CursorInvalid
    return position


def encode_deliveries_cursor(last: UUID) -> str:
    """Return the cursor of the page of deliveries that follows the delivery `last`."""
    return _encode(_DELIVERIES + last.bytes)


def decode_deliveries_cursor(cursor: str) -> UUID:
    """Return the last delivery of the page before.

    Raises:
        CursorInvalid: this is not a cursor that a list of deliveries gave out.
    """
    return UUID(bytes=_decode(cursor, _DELIVERIES, 16))


def encode_endpoints_cursor(last: UUID) -> str:
    """Return the cursor of the page of webhooks that follows the webhook `last`."""
    return _encode(_ENDPOINTS + last.bytes)


def decode_endpoints_cursor(cursor: str) -> UUID:
    """Return the last webhook of the page before.

    Raises:
        CursorInvalid: this is not a cursor that a list of webhooks gave out.
    """
    return UUID(bytes=_decode(cursor, _ENDPOINTS, 16))


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(cursor: str, kind: bytes, size: int) -> bytes:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError as err:
        raise CursorInvalid from err
    # Encoded again, because the decoder skips characters that it does not know.
    if raw[:1] != kind or len(raw) != 1 + size or _encode(raw) != cursor:
        raise CursorInvalid
    return raw[1:]
