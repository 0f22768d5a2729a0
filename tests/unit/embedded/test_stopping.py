"""Signals become one exception, once."""

import os
import signal
from collections.abc import Iterator

import pytest

from embedded.stopping import StopRequested, catch_stop_signals


@pytest.fixture(autouse=True)
def terminal_that_may_close() -> Iterator[None]:
    """The tests may themselves run under `nohup`, which ignores SIGHUP for all its children."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    with catch_stop_signals(), pytest.raises(StopRequested):
        os.kill(os.getpid(), number)


def test_a_second_ctrl_c_is_harmless() -> None:
    with catch_stop_signals():
        with pytest.raises(StopRequested):
            os.kill(os.getpid(), signal.SIGINT)

        os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_during_the_clean_up_is_harmless() -> None:
    with catch_stop_signals() as signals:
        signals.disarm()

        os.kill(os.getpid(), signal.SIGTERM)


def test_the_former_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    with catch_stop_signals():
        assert signal.getsignal(signal.SIGINT) is not before

    assert signal.getsignal(signal.SIGINT) is before


def test_nohup_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with catch_stop_signals():
        os.kill(os.getpid(), signal.SIGHUP)
