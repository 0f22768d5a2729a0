"""Keeps the state of a training run in one file, so that a run killed at any moment keeps what it had."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch

from modelkit.errors import CheckpointError

Parsed = TypeVar("Parsed")


def replace_state(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` with torch in place of what `path` had.

    Raises:
        CheckpointError: the file cannot be written; what was there before stays.
    """
    draft = path.with_suffix(".draft")
    try:
        torch.save(dict(content), draft)
    except RuntimeError as err:  # what torch makes of a full disk
        draft.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path} cannot be written. Make room on the disk and run the command again; "
            "it goes on from what was kept before."
        ) from err
    os.replace(draft, path)


def load_state(path: Path, parse: Callable[[dict[str, Any]], Parsed]) -> Parsed:
    """Return what `parse` makes of the file's content; no code of the file is run.

    Raises:
        CheckpointError: the file is broken, or lacks what `parse` asks for.
    """
    try:
        return parse(torch.load(path, weights_only=True))
    except (OSError, RuntimeError, UnpicklingError, EOFError, KeyError, TypeError) as err:
        raise CheckpointError(f"{path} cannot be read ({err}). Delete it to begin anew.") from err
