"""Reads the small text files of a checkpoint, with errors that name the file."""

import json
from pathlib import Path
from typing import Any

from modelkit.errors import CheckpointError


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        CheckpointError: it is missing, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise CheckpointError(f"{path} cannot be read: {err}. The checkpoint needs it: fetch it again.") from err


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        CheckpointError: it is missing, or holds no JSON object.
    """
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as err:
        raise CheckpointError(f"{path} is not JSON: {err}. Fetch or write the checkpoint again.") from err
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no JSON object. Fetch or write the checkpoint again.")
    return content


def read_json_if_there(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds, an empty one if there is no such file."""
    return read_json(path) if path.exists() else {}
