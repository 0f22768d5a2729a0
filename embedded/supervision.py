"""`python -m embedded.supervision CONFIGURATION PARENT_PID`: supervisord, taught three things.

It dies with the launcher and its programs die with it, it tells the launcher on stdout what becomes of each program
(so that no control socket is needed), and it wakes at once when a signal comes instead of after up to a second.
"""

import contextlib
import json
import os
import signal
import sys
from typing import Any

from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor

from embedded.tether import end_with_parent


class TetheredOptions(ServerOptions):  # type: ignore[misc]
    """Options whose programs do not outlive the supervisor."""

    def setpgrp(self) -> None:
        """Called in each new program between the fork and the exec."""
        super().setpgrp()
        end_with_parent(SUPERVISOR_PID)


class ReportingSupervisor(Supervisor):  # type: ignore[misc]
    """Writes each change of a program's state to stdout as a line of JSON."""

    def runforever(self) -> None:
        """Run until a signal says otherwise."""
        self._waker = Waker()
        events.subscribe(events.ProcessStateEvent, report)
        super().runforever()

    def get_process_map(self) -> dict[int, Any]:
        """Return what the loop listens to: the programs' output, and the signals."""
        return {**super().get_process_map(), self._waker.fileno: self._waker}


class Waker:
    """A pipe that every signal writes to; written to once at first, so that the programs start without a pause."""

    def __init__(self) -> None:
        self.fileno, self._write_end = os.pipe()
        os.set_blocking(self.fileno, False)
        os.set_blocking(self._write_end, False)
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        os.write(self._write_end, b"\0")

    def readable(self) -> bool:
        """Whether the loop should listen."""
        return True

    def writable(self) -> bool:
        """Whether the loop should offer to write."""
        return False

    def handle_read_event(self) -> None:
        """Empty the pipe; the loop looks after the signals by itself."""
        os.read(self.fileno, 4096)

    def handle_error(self) -> None:
        """Do nothing: an empty pipe is no error."""


def report(event: Any) -> None:
    """Tell the launcher, if it is still there, what has become of a program."""
    line = json.dumps(
        {
            "program": event.process.config.name,
            "state": events.getEventNameByType(type(event)).removeprefix("PROCESS_STATE_"),
            "expected": bool(event.expected),
        }
    )
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> None:
    """Supervise until SIGTERM, then stop every program and exit."""
    configuration, launcher_pid = sys.argv[1:]
    end_with_parent(int(launcher_pid))
    options = TetheredOptions()
    options.realize(["--configuration", configuration], doc=__doc__)
    options.first, options.test = True, False
    with contextlib.suppress(asyncore.ExitNow):
        ReportingSupervisor(options).main()
    options.close_logger()


SUPERVISOR_PID = os.getpid()

if __name__ == "__main__":
    main()
