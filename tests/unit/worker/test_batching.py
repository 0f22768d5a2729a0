"""The planner and the budget, which are pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.batching import MIN_BUDGET_TOKENS, TokenBudget, count_padded_tokens, plan_micro_batches


@given(st.lists(st.integers(2, 600), max_size=80), st.integers(64, 2_000))
def test_every_encoding_is_in_exactly_one_batch_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = plan_micro_batches(lengths, budget)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or count_padded_tokens([lengths[index] for index in batch]) <= budget


@given(st.lists(st.integers(2, 600), min_size=1, max_size=80))
def test_batches_are_sorted_by_length(lengths: list[int]) -> None:
    batches = plan_micro_batches(lengths, 1_000)

    in_order = [lengths[index] for batch in batches for index in batch]
    assert in_order == sorted(lengths)


@given(st.lists(st.integers(2, 600), max_size=80), st.integers(0, 100))
def test_no_batch_holds_more_padding_than_is_allowed(lengths: list[int], padding: int) -> None:
    batches = plan_micro_batches(lengths, 2_000, padding)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        members = [lengths[index] for index in batch]
        assert count_padded_tokens(members) - sum(members) <= padding


def test_texts_of_one_length_are_never_parted_for_padding() -> None:
    assert plan_micro_batches([7, 9, 7, 9], 1_000, max_padding_tokens=0) == [[0, 2], [1, 3]]


def test_padding_is_counted() -> None:
    assert plan_micro_batches([10, 90, 10], max_batch_tokens=100) == [[0, 2], [1]]
    assert count_padded_tokens([10, 90, 10]) == 270


def test_one_over_the_budget_goes_out_alone() -> None:
    assert plan_micro_batches([500, 20], max_batch_tokens=64) == [[1], [0]]


def test_the_budget_follows_the_measured_speed() -> None:
    budget = TokenBudget(target_seconds=0.1, max_tokens=10_000)

    budget.observe(padded_tokens=1_000, seconds=0.5)
    slow = budget.tokens
    for _ in range(50):
        budget.observe(padded_tokens=1_000, seconds=0.05)

    assert slow == 200
    assert budget.tokens == pytest.approx(2_000, rel=0.05)


def test_the_budget_stays_between_its_bounds() -> None:
    slow, fast = TokenBudget(0.1, 4_096), TokenBudget(0.1, 4_096)

    slow.observe(padded_tokens=1, seconds=10)
    fast.observe(padded_tokens=10_000_000, seconds=1)

    assert (slow.tokens, fast.tokens) == (MIN_BUDGET_TOKENS, 4_096)


def test_a_measurement_of_nothing_changes_nothing() -> None:
    budget = TokenBudget(0.1, 4_096, tokens_per_second=5_000)

    budget.observe(padded_tokens=0, seconds=1)
    budget.observe(padded_tokens=10, seconds=0)

    assert budget.tokens_per_second == 5_000
