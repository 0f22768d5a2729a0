"""When a quota that slides has room again."""

import pytest

from api.services.metering import Policy, Window

MINUTE = Policy("requests", 10, 60)


@pytest.mark.parametrize(
    ("window", "used"),
    [
        (Window(0, 0, 0, 0), 0),
        (Window(0, 0, 4, 30), 4),
        (Window(10, 60, 0, 60), 10),
        (Window(10, 30, 2, 30), 7),
        (Window(9, 10, 2, 10), 3),
    ],
)
def test_what_was_counted_before_fades_evenly(window: Window, used: int) -> None:
    assert window.count(MINUTE) == used


@pytest.mark.parametrize(
    ("window", "amount", "seconds"),
    [
        (Window(10, 60, 0, 60), 1, 6),  # one of ten fades in six seconds
        (Window(10, 60, 0, 60), 10, 60),
        (Window(10, 30, 5, 30), 1, 6),  # four of ten may remain: at 24 s before the end
        (Window(0, 0, 10, 20), 1, 26),  # this window's end, and six seconds of the next
        (Window(0, 0, 10, 20), 10, 80),
        (Window(5, 20, 10, 20), 5, 50),
    ],
)
def test_a_refused_caller_waits_until_enough_has_faded(window: Window, amount: int, seconds: int) -> None:
    assert window.plan_wait(MINUTE, amount) == seconds


def test_nobody_is_told_to_wait_for_no_time() -> None:
    assert Window(1, 0.1, 9, 0.1).plan_wait(MINUTE, 1) == 1
