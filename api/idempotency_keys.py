"""The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07): a name that makes a POST safe to repeat.

The draft wants a quoted string (RFC 9651, section 3.3.3); many clients send the bare value, so that is taken too, and
`"a1"` and `a1` are one key.
"""

import re
from collections.abc import Sequence

from api.request_errors import IdempotencyKeyInvalid

MAX_KEY_CHARS = 255
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
# No comma: what a server puts between two headers of one name.
_BARE = re.compile(r"[!#-+\--\[\]-~]+")
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
        key = _ESCAPE.sub(r"\1", quoted[1])
    elif _BARE.fullmatch(given):
        key = given
    else:
        raise IdempotencyKeyInvalid
    if len(key) > MAX_KEY_CHARS:
        raise IdempotencyKeyInvalid
    return key
