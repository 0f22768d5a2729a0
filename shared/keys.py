"""API keys: how one is made, what of it is kept, and how one that is shown again is recognised.

A key reads `sentiq_<id>_<secret>`. The id is public and finds the row; the secret is 256 random bits, of which only a
hash is stored. A plain SHA-256 will do: nobody can guess that many bits, however fast the hash.
"""

import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

PREFIX = "sentiq"
PUBLIC_ID_BYTES = 6
SECRET_BYTES = 32
_PUBLIC_ID = rf"[0-9a-f]{{{2 * PUBLIC_ID_BYTES}}}"
_KEY = re.compile(rf"{PREFIX}_({_PUBLIC_ID})_[0-9a-f]{{{2 * SECRET_BYTES}}}")
_NAMED = re.compile(rf"(?:{PREFIX}_)?({_PUBLIC_ID})(?:_[0-9a-f]*)?")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that nobody has seen yet; its text is shown once and kept nowhere."""

    text: str = field(repr=False)
    public_id: str
    digest: str


def create_key() -> NewKey:
    """Return a new random key."""
    public_id = secrets.token_hex(PUBLIC_ID_BYTES)
    text = f"{PREFIX}_{public_id}_{secrets.token_hex(SECRET_BYTES)}"
    return NewKey(text, public_id, _digest(text))


def find_public_id(text: str) -> str | None:
    """Return the id inside a whole key, or None if this cannot be a key."""
    found = _KEY.fullmatch(text)
    return found and found[1]


def find_named_id(text: str) -> str | None:
    """Return the id that an operator means by an id, the beginning of a key, or a whole key; None if by nothing."""
    found = _NAMED.fullmatch(text)
    return found and found[1]


def is_match(text: str, digest: str) -> bool:
    """Return whether this is the key whose digest was stored; how long that takes tells nothing about the digest."""
    return compare_digest(_digest(text), digest)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
