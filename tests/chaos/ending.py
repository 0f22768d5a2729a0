"""Lets SIGTERM end the harness as Ctrl-C does, so that it takes its servers and its disk with it."""

import signal
import sys
from types import FrameType


def clean_up_on_sigterm() -> None:
    """Raise `SystemExit` in the main thread when SIGTERM comes."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
