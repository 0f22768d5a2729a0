"""Follows the programs and tells which death is news and which is the end."""

from collections import Counter, deque
from collections.abc import Callable

from embedded.console import say_step
from embedded.errors import LaunchError
from embedded.state_folder import StateFolder
from embedded.supervisor import ProgramEvent, ProgramState

# Waits for so many seconds at most, and returns what has happened.
ReadEvents = Callable[[float], list[ProgramEvent]]

MAX_DEATHS_BEFORE_READY = 5
LOG_LINES = 8


class Watch:
    """Reads the supervisor's news."""

    def __init__(self, read_events: ReadEvents, state: StateFolder) -> None:
        self._read_events, self._state = read_events, state
        self._deaths: Counter[str] = Counter()
        self.is_ready = False

    def follow(self, seconds: float) -> None:
        """Wait for news, this long at most, and act on it.

        Raises:
            LaunchError: a program cannot be kept running.
        """
        for event in self._read_events(seconds):
            self._take(event)

    def _take(self, event: ProgramEvent) -> None:
        if event.state == ProgramState.FATAL:
            raise self._explain(event.program)
        if not event.is_death:
            return
        self._deaths[event.program] += 1
        if not self.is_ready and self._deaths[event.program] >= MAX_DEATHS_BEFORE_READY:
            raise self._explain(event.program)
        if self.is_ready:
            log = self._state.log_of(event.program)
            say_step(
                f"{event.program} 意外退出，正在自动重启（日志：{log}）",
                f"{event.program} ended unexpectedly; starting it again",
            )

    def _explain(self, program: str) -> LaunchError:
        log = self._state.log_of(program)
        return LaunchError(
            f"{read_tail(self._state, program)}\n"
            f"{program} 一再退出，服务已停止；以上是它的最后几行日志，全文：{log} / "
            f"{program} keeps ending, so the service was stopped. "
            f"The last lines of its log are above, all of it is in {log}."
        )


def read_tail(state: StateFolder, program: str) -> str:
    """Return the last lines that a program has logged."""
    try:
        with state.log_of(program).open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=LOG_LINES)).rstrip()
    except FileNotFoundError:
        return ""
