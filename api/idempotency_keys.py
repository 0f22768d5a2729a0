"""The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07): a name that makes a POST safe to repeat.

The draft wants a quoted string (RFC 9651, section 3.3.3); many clients send the bare value, so that is taken too, and
`"a1"` and `a1` are one key.
"""

import re
from collections.abc import Sequence

from api.request_errors import IdempotencyKeyInvalid

_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,255})"')
# No comma: what a server puts between two headers of one name.
_BARE = re.compile(r"[!#-+\--\[\]-~]{1,255}")
KEY_PATTERN = f"^(?:{_BARE.pattern}|{_QUOTED.pattern})$"  # as the document has it
_ESCAPE = re.compile(r"\\(.)")


def parse_idempotency_key(headers: Sequence[str]) -> str | None:
    """Return the key, or None if there is no such header.

    Raises:
        IdempotencyKeyInvalid: there are several, or it is not a key.
    """
    if not headers:
        return None
    if len(headers) > 1:
        raise IdempotencyKeyInvalid
    given = headers[0].strip(" \t")
    if quoted := _QUOTED.fullmatch(given):
        return _ESCAPE.sub(r"\1", quoted[1])
    if _BARE.fullmatch(given):
        return given
    raise IdempotencyKeyInvalid
