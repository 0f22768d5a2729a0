"""Turns Ctrl-C, SIGTERM and a closed terminal into one exception, once: a second one must not break the clean-up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class StopRequested(BaseException):
    """Somebody asked the program to stop, by the signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(slots=True)
class StopSignals:
    """Raises `StopRequested` at the first signal, as long as it is armed."""

    armed: bool = True

    def disarm(self) -> None:
        """Ignore every further signal: the clean-up has begun, and takes a bounded time."""
        self.armed = False

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if self.armed:
            self.armed = False
            raise StopRequested(number)


@contextmanager
def catch_stop_signals() -> Iterator[StopSignals]:
    """Yield the one place that signals go to."""
    signals = StopSignals()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup make run` outlives its terminal
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, signals.handle) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
