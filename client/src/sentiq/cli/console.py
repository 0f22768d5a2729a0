"""Writes to the terminal: what a program may want to standard output, what a person should know to standard error."""

import json
import sys
from typing import Any

from pydantic import BaseModel
from rich.console import Console

from sentiq.environment import read_language
from sentiq.messages import tell


def say(message: str, **fields: object) -> str:
    """Return a message in the language of the locale."""
    return tell(read_language(), message, **fields)


def note(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, file=sys.stderr)


def write(line: str) -> None:
    """Write a line of what was asked for."""
    print(line, flush=True)


def write_json(value: BaseModel | dict[str, Any]) -> None:
    """Write a JSON object as one line, at once, so that the next program in the pipe need not wait."""
    text = value.model_dump_json() if isinstance(value, BaseModel) else json.dumps(value, ensure_ascii=False)
    print(text, flush=True)


def is_for_people() -> bool:
    """Return whether standard output is a terminal, and not a pipe or a file."""
    return sys.stdout.isatty()


def make_console() -> Console:
    """Return what draws tables and charts on standard output; a file is wide enough for any of them."""
    return Console(file=sys.stdout, width=None if is_for_people() else 160)


def make_progress_console() -> Console:
    """Return what draws progress on standard error, so that pipes stay clean."""
    return Console(stderr=True)
