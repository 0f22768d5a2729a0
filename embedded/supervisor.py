"""The launcher's hold on the supervisor: start it, hear what becomes of the programs, stop it in bounded time."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

from embedded.errors import LaunchError
from embedded.programs import ROOT
from embedded.state_folder import StateFolder

# Longer than the most patient program may take (embedded/programs.py), and the broker after it.
STOP_SECONDS = 90


class ProgramState(StrEnum):
    """What supervisord says of a program, in its own words."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    STOPPED = "STOPPED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """A change of one program's state."""

    program: str
    state: ProgramState
    expected: bool

    @property
    def is_death(self) -> bool:
        """Whether the program ended without being told to."""
        return self.state == ProgramState.BACKOFF or (self.state == ProgramState.EXITED and not self.expected)


class SupervisorProcess:
    """A running supervisord."""

    def __init__(self, state: StateFolder, environment: dict[str, str]) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the launcher alone."""
        self._unread = b""
        self._log = state.log_of("supervisord")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-X", "utf8", "-m", "embedded.supervision",
                 str(state.supervisor_conf), str(os.getpid())],
                cwd=ROOT,
                # Handed on, not read: settings come from `Settings` alone.
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def read_events(self, timeout_seconds: float) -> list[ProgramEvent]:
        """Wait for news until the time is over, and return them.

        Raises:
            LaunchError: the supervisor has ended.
        """
        assert self._process.stdout is not None  # noqa: S101  it was opened as a pipe
        if not select.select([self._process.stdout], [], [], timeout_seconds)[0]:
            return []
        received = os.read(self._process.stdout.fileno(), 65_536)
        if not received:
            raise LaunchError(
                f"进程管理器意外退出，日志：{self._log} / The supervisor ended unexpectedly; its log: {self._log}"
            )
        *lines, self._unread = (self._unread + received).split(b"\n")
        return [_parse(line) for line in lines]

    def stop(self) -> None:
        """Stop the programs, those who use the broker first, and then the supervisor."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            # Also empties the pipe, so that the supervisor is never blocked on it.
            self._process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _parse(line: bytes) -> ProgramEvent:
    fields = json.loads(line)
    return ProgramEvent(fields["program"], ProgramState(fields["state"]), fields["expected"])
