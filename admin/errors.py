"""What can keep a command from doing its work; each message says what is wrong and what to do, in one line."""

from shared.errors import SentiqError


class KeyNotFound(SentiqError):
    """There is no such key."""

    code = "key_not_found"


class KeyNotUsable(SentiqError):
    """The key was revoked, has expired, or has a successor."""

    code = "key_not_usable"
