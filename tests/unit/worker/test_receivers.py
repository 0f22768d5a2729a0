"""How a courier's threads are shared among receivers."""

import pytest

from worker import receivers
from worker.receivers import PROMPT_SECONDS, ReceiverGate

SLOW = PROMPT_SECONDS + 1


def fill(gate: ReceiverGate, receiver: str) -> int:
    """Enter until turned away; return how many got in."""
    entered = 0
    while gate.enter(receiver):
        entered += 1
    return entered


def make_prompt(gate: ReceiverGate, *names: str) -> None:
    for name in names:
        assert gate.enter(name)
        gate.leave(name, 0.1)


@pytest.mark.parametrize(("threads", "places"), [(1, 1), (3, 1), (8, 2), (16, 4), (100, 25)])
def test_one_receiver_has_a_quarter_of_the_threads(threads: int, places: int) -> None:
    gate = ReceiverGate(threads)
    make_prompt(gate, "a")

    assert fill(gate, "a") == places


def test_a_place_that_is_left_can_be_taken_again() -> None:
    gate = ReceiverGate(8)
    fill(gate, "a")

    gate.leave("a", SLOW)

    assert (gate.enter("a"), gate.enter("a")) == (True, False)


def test_half_of_the_threads_are_kept_for_receivers_that_were_prompt() -> None:
    gate = ReceiverGate(16)
    make_prompt(gate, "good")
    strangers = [fill(gate, f"stranger {number}") for number in range(20)]

    assert sum(strangers) == 8
    assert fill(gate, "good") == 4


def test_a_receiver_that_was_slow_has_to_prove_itself_anew() -> None:
    gate = ReceiverGate(16)
    make_prompt(gate, "a", "b")
    assert gate.enter("a")
    gate.leave("a", SLOW)
    fill(gate, "stranger 1")
    fill(gate, "stranger 2")

    assert (gate.enter("a"), gate.enter("b")) == (False, True)


def test_a_receiver_that_was_not_asked_has_proved_nothing() -> None:
    gate = ReceiverGate(4)
    assert gate.enter("a")
    gate.leave("a", None)
    fill(gate, "stranger 1")
    fill(gate, "stranger 2")

    assert not gate.enter("a")


def test_who_leaves_learns_for_how_many_there_is_room_and_whether_any_was_turned_away() -> None:
    gate = ReceiverGate(8)
    assert (gate.enter("a"), gate.enter("a"), gate.enter("a")) == (True, True, False)

    rooms = gate.leave("a", 0.1), gate.leave("a", 0.1)

    assert rooms == (1, 2)
    assert (gate.forget_turned_away("a"), gate.forget_turned_away("a")) == (True, False)


def test_who_calls_for_more_makes_the_next_call_too() -> None:
    gate = ReceiverGate(8)
    assert gate.enter("a")
    gate.expect_more("a")

    gate.leave("a", 0.1)
    assert gate.forget_turned_away("a")


def test_one_turned_away_for_others_sake_waits_for_the_sweeper() -> None:
    gate = ReceiverGate(4)
    fill(gate, "a")
    fill(gate, "b")
    assert not gate.enter("c")

    gate.leave("a", SLOW)
    gate.leave("b", SLOW)
    assert gate.enter("c")
    assert not gate.forget_turned_away("c")


def test_what_is_remembered_of_receivers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "MAX_REMEMBERED", 2)
    gate = ReceiverGate(2)
    make_prompt(gate, "a", "b", "c")
    assert fill(gate, "stranger") == 1

    assert [gate.enter(name) for name in ("a", "b", "c")] == [False, True, True]
