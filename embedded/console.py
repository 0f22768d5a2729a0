"""What the person at the terminal reads: one short line a step, Chinese first."""

import contextlib
import io
import sys


def prepare_console() -> None:
    """Make sure that no terminal, however old its encoding, can stop the service with a line it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)


def say(line: str = "") -> None:
    """Print one line; a terminal that has gone away is no reason to stop."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def say_step(chinese: str, english: str) -> None:
    """Print what is happening now."""
    say(f"▸ {chinese} / {english}")


def complain(line: str) -> None:
    """Print why the service stops."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
