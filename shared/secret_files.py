"""Reads secrets that lie in files, as container engines hand them over, so that no environment shows them."""

from pathlib import Path

MAX_SECRET_BYTES = 4_096


def read_secret(path: Path) -> str:
    """Return what the file holds, without white space around it.

    Raises:
        ValueError: it cannot be read, or holds no secret; the message names the file and nothing of what is in it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except OSError as err:
        raise ValueError(f"cannot be read from the file {path}: {err.strerror}") from None
    if len(content) > MAX_SECRET_BYTES:
        raise ValueError(f"cannot be read from the file {path}: it holds more than {MAX_SECRET_BYTES:,} bytes")
    try:
        secret = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"cannot be read from the file {path}: it is not text in UTF-8") from None
    if not secret:
        raise ValueError(f"cannot be read from the file {path}: it is empty")
    return secret
