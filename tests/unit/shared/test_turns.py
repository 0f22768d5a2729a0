"""Whoever waits has a turn within as many claims as there are tenants, whomever else those claims serve."""

from hypothesis import given
from hypothesis import strategies as st

from shared.queries.turns import MAX_TENANTS, Turns
from shared.states import Lane


@given(st.data())
def test_a_tenant_that_is_always_left_out_begins_one_of_n_claims(data: st.DataObject) -> None:
    tenants = list(range(1, data.draw(st.integers(2, 40)) + 1))
    left_out = data.draw(st.sampled_from(tenants))
    turns = Turns({Lane.BULK: data.draw(st.sampled_from(tenants))})

    begun = set()
    for _ in tenants:
        first, *others = turn = turns.order(Lane.BULK, tenants)
        begun.add(first)
        others = [tenant for tenant in others if tenant != left_out]
        served = data.draw(st.sets(st.sampled_from(others))) if others else set()
        turns.note(Lane.BULK, turn, {first, *served}, len(tenants))

    assert left_out in begun


@given(st.integers(2, 60), st.data())
def test_where_all_of_a_turn_are_served_a_round_takes_one_claim_for_each_sixteen(
    count: int, data: st.DataObject
) -> None:
    tenants = list(range(1, count + 1))
    turns = Turns({Lane.BULK: data.draw(st.sampled_from(tenants))})

    served: set[int] = set()
    for _ in range(-(-count // MAX_TENANTS)):
        turn = turns.order(Lane.BULK, tenants)
        turns.note(Lane.BULK, turn, set(turn), count)
        served |= set(turn)

    assert served == set(tenants)


def test_a_tenant_that_left_nothing_to_claim_holds_nobody_up() -> None:
    """As when another process is claiming its texts, or all of them are late."""
    turns = Turns({Lane.BULK: 3})

    served = []
    for _ in range(4):
        turn = turns.order(Lane.BULK, [1, 2, 3])
        served.append(next(tenant for tenant in turn if tenant != 1))
        turns.note(Lane.BULK, turn, {served[-1]}, 3)

    assert served == [2, 3, 2, 3]
