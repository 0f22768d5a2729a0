"""JSON Pointers (RFC 6901), which tell a caller where in its body something is wrong."""

from collections.abc import Iterable

# A key that a caller made up may be megabytes long; the answer shows its beginning.
MAX_PART_CHARS = 100


def format_pointer(path: Iterable[str | int]) -> str:
    """Return the pointer to the value under these keys and indices; the empty string is the whole body."""
    return "".join("/" + _escape(str(part)) for part in path)


def _escape(part: str) -> str:
    # Half a surrogate pair cannot be sent as UTF-8, so it is shown as its escape.
    sendable = part[:MAX_PART_CHARS].encode("utf-8", "backslashreplace").decode("utf-8")
    return sendable.replace("~", "~0").replace("/", "~1")
