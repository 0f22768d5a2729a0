"""What the tests of the command `sentiq` have in common."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.service import ROOT

Run = Callable[..., int]


def read_json(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def make_environment(url: str, **more: str) -> dict[str, str]:
    return os.environ | {"SENTIQ_URL": url, "PYTHONPATH": str(ROOT / "client" / "src")} | more


def start_command(*arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """Start it so that it can be interrupted, even where whoever runs the tests ignores that, as `nohup` does."""
    words = [sys.executable, "-m", "sentiq.cli", *arguments]
    return subprocess.Popen(words, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options)


def read_terminal(leader: int) -> Iterator[str]:
    with os.fdopen(leader, "rb") as file:
        while True:
            try:
                data = file.read1()
            except OSError:  # how Linux says that the other end is closed
                return
            if not data:
                return
            yield data.decode(errors="replace")
