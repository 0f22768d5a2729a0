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
    for number in range(8):
        fill(gate, f"stranger {number}")

    assert (gate.enter("a"), gate.enter("b")) == (False, True)


def test_a_receiver_that_was_not_asked_has_proved_nothing() -> None:
    gate = ReceiverGate(4)
    assert gate.enter("a")
    gate.leave("a", None)
    fill(gate, "stranger 1")
    fill(gate, "stranger 2")

    assert not gate.enter("a")


def call_all(gate: ReceiverGate, left: str) -> dict[str, int]:
    """Return who is called when this receiver has been left, in order, and for how many attempts."""
    called: dict[str, int] = {}
    while found := gate.find_next(left, called):
        called[found[0]] = found[1]
    return called


def test_who_is_not_known_to_be_prompt_has_one_place() -> None:
    gate = ReceiverGate(16)
    make_prompt(gate, "once prompt")
    assert gate.enter("once prompt")
    gate.leave("once prompt", SLOW)

    assert (fill(gate, "stranger"), fill(gate, "once prompt")) == (1, 1)


def test_those_known_to_be_slow_leave_places_to_new_ones() -> None:
    gate = ReceiverGate(16)
    slow = [f"slow {number}" for number in range(10)]
    for name in slow:
        assert gate.enter(name)
        gate.leave(name, SLOW)

    assert [fill(gate, name) for name in slow] == [1] * 4 + [0] * 6
    assert [fill(gate, f"new {number}") for number in range(5)] == [1] * 4 + [0]


def test_who_was_turned_away_is_called_by_the_next_to_leave_in_the_order_of_coming() -> None:
    gate = ReceiverGate(4)  # two places
    assert [gate.enter(name) for name in ("a", "b", "a", "c", "d", "c")] == [True, True, False, False, False, False]

    gate.leave("a", SLOW)
    first = call_all(gate, "a")
    assert gate.enter("c")
    gate.leave("c", 0.1)
    second = call_all(gate, "c")

    assert first == {"c": 1}
    assert list(second) == ["d", "c"]  # and not a, which has had its turn


def test_a_prompt_receiver_is_called_for_all_its_places_and_by_itself_only() -> None:
    gate = ReceiverGate(16)
    make_prompt(gate, "a")
    assert fill(gate, "a") == 4
    assert gate.enter("b")
    gate.leave("b", 0.1)
    others = call_all(gate, "b")

    gate.leave("a", 0.1)
    gate.leave("a", 0.1)

    assert (others, call_all(gate, "b"), call_all(gate, "a")) == ({}, {}, {"a": 2})


def test_a_place_goes_to_the_tenant_that_has_the_fewest() -> None:
    gate = ReceiverGate(4)
    for name in ("1 a", "1 b", "1 c", "1 d", "2 a"):
        gate.enter(name)

    gate.leave("1 a", SLOW)

    assert call_all(gate, "1 a") == {"2 a": 1}


def test_a_call_that_is_lost_is_made_again_until_nothing_is_due() -> None:
    gate = ReceiverGate(4)
    for name in ("a", "b", "c"):
        gate.enter(name)
    gate.leave("a", SLOW)

    calls = [call_all(gate, "a"), call_all(gate, "a")]
    gate.strike_out("c")

    assert calls == [{"c": 1}, {"c": 1}]
    assert call_all(gate, "a") == {}


def test_hosts_that_hang_keep_another_tenants_new_receiver_out_for_one_time_out_at_most() -> None:
    gate = ReceiverGate(16)
    silent = [f"1 silent-{number}" for number in range(12)]
    under_way = [name for name in silent * 4 if gate.enter(name)]
    came_in_at_once = gate.enter("2 new")

    gate.leave(under_way[0], SLOW)

    assert (len(under_way), came_in_at_once) == (8, False)
    assert call_all(gate, under_way[0]) == {"2 new": 1}
    assert gate.enter("2 new")


def test_what_is_remembered_of_receivers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "MAX_REMEMBERED", 2)
    gate = ReceiverGate(2)
    make_prompt(gate, "a", "b", "c")
    assert fill(gate, "stranger") == 1

    assert [gate.enter(name) for name in ("a", "b", "c")] == [False, True, True]
