"""Writes to the terminal: what a program may want to standard output, what a person should know to standard error."""

import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel
from rich.console import Console, RenderableType

from sentiq.environment import read_language
from sentiq.errors import OutputUnwritable
from sentiq.messages import tell
from sentiq.models import Label

STYLES = {Label.POSITIVE: "green", Label.NEGATIVE: "red", Label.NEUTRAL: "yellow"}
PIPE_WIDTH = 160  # a file is wide enough for any table
# Behind these a help text may be wrapped; between Chinese characters alone rich would cut it off instead.
_PAUSES = re.compile(r"(?<=[，；：、。）])(?=[^\s，；：、。）])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def say(message: str, **fields: object) -> str:
    """Return a message in the language of the locale."""
    told = tell(read_language(), message, **fields)
    return _PAUSES.sub(" ", told) if message.startswith("help") else told


def note(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, file=sys.stderr)


def write(line: str) -> None:
    """Write a line of what was asked for, at once, so that the next program in the pipe need not wait.

    Raises:
        OutputUnwritable: there is no room for it.
    """
    with _explaining_failures():
        print(line, flush=True)


def write_json(value: BaseModel | dict[str, Any]) -> None:
    """Write a JSON object as one line."""
    write(value.model_dump_json() if isinstance(value, BaseModel) else json.dumps(value, ensure_ascii=False))


def draw(shown: RenderableType, *, soft_wrap: bool = False) -> None:
    """Draw a table, or a line in colours, on standard output.

    Raises:
        OutputUnwritable: there is no room for it.
    """
    with _explaining_failures():
        console = Console(file=sys.stdout, width=None if is_for_people() else PIPE_WIDTH)
        console.print(shown, soft_wrap=soft_wrap)
        sys.stdout.flush()


def flatten(text: str) -> str:
    """Return a text that anybody may have written as one line, which gives no orders to the terminal."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def is_for_people() -> bool:
    """Return whether standard output is a terminal, and not a pipe or a file."""
    return sys.stdout.isatty()


def use_utf8() -> None:
    """Write UTF-8 into pipes and files whatever the locale, since JSON is nothing else, and fail at no character."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if is_for_people() else "utf-8", errors="replace")


def make_progress_console() -> Console:
    """Return what draws progress on standard error, so that pipes stay clean."""
    return Console(stderr=True)


@contextmanager
def _explaining_failures() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads has enough; the command then ends without a word
    except OSError as err:
        # What could not be written would be tried once more at the end of the process, with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputUnwritable("output_unwritable", path=say("stdout"), reason=err.strerror or err) from err
