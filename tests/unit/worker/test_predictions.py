"""How a text's windows become one prediction."""

from collections.abc import Sequence
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.queries.claims import ClaimedText, Failure, Success
from shared.states import ErrorCode, Lane
from worker.classifiers import Encoding
from worker.predictions import PendingText, falls_into_band

LABELS = ("negative", "positive")
SHARES = st.floats(0, 1, width=32)
THRESHOLDS = st.floats(0.5, 1)


def pend(*fresh_tokens: int, neutral_threshold: float | None = None) -> PendingText:
    windows = [Encoding((1, 5, 2), "字", fresh) for fresh in fresh_tokens]
    return PendingText(ClaimedText(7, uuid4(), Lane.BULK, "字", neutral_threshold), windows)


def score(probabilities: Sequence[float], labels: Sequence[str], neutral_threshold: float | None) -> Success:
    text = pend(9, neutral_threshold=neutral_threshold)
    text.add(text.windows[0], np.array(probabilities, dtype=np.float32))
    outcome = text.conclude(labels, "m@r")
    assert isinstance(outcome, Success)
    return outcome


def test_a_window_weighs_as_much_as_it_has_fresh_tokens() -> None:
    text = pend(30, 10)

    text.add(text.windows[0], np.array([0.2, 0.8], dtype=np.float32))
    text.add(text.windows[1], np.array([1.0, 0.0], dtype=np.float32))
    outcome = text.conclude(("negative", "positive"), "m@r")

    assert isinstance(outcome, Success)
    assert outcome.scores == pytest.approx({"negative": 0.4, "positive": 0.6})
    assert (outcome.label, outcome.token_count, outcome.window_count) == ("positive", 40, 2)


def test_a_text_is_done_when_all_its_windows_are_in() -> None:
    text = pend(30, 10)

    before = text.is_done
    for window in text.windows:
        text.add(window, np.array([0.5, 0.5], dtype=np.float32))

    assert (before, text.is_done) == (False, True)


def test_the_first_reason_to_fail_is_kept() -> None:
    text = pend(30, 10)

    text.fail(ErrorCode.SCORING_FAILED, "first")
    text.fail(ErrorCode.SCORING_FAILED, "second")
    outcome = text.conclude(("negative", "positive"), "m@r")

    assert isinstance(outcome, Failure)
    assert outcome.detail == "first"
    assert text.is_done


@given(SHARES)
def test_without_a_threshold_the_best_label_wins(share: float) -> None:
    outcome = score([1 - share, share], LABELS, None)

    assert outcome.label in LABELS
    assert outcome.score == outcome.scores[outcome.label] == max(outcome.scores.values())


@given(SHARES, THRESHOLDS)
def test_a_text_is_neutral_exactly_when_its_visible_score_lies_below_the_threshold(
    share: float, threshold: float
) -> None:
    plain = score([1 - share, share], LABELS, None)

    outcome = score([1 - share, share], LABELS, threshold)

    assert (outcome.score, outcome.scores) == (plain.score, plain.scores)
    assert outcome.label == ("neutral" if outcome.score < threshold else plain.label)


@given(SHARES, THRESHOLDS, THRESHOLDS)
def test_a_higher_threshold_makes_no_text_less_neutral(share: float, first: float, second: float) -> None:
    low, high = sorted((first, second))

    assert falls_into_band(share, LABELS, low) <= falls_into_band(share, LABELS, high)


@given(SHARES)
def test_the_lowest_threshold_changes_no_label(share: float) -> None:
    assert score([1 - share, share], LABELS, 0.5).label == score([1 - share, share], LABELS, None).label


@given(st.tuples(SHARES, SHARES, SHARES).filter(lambda shares: sum(shares) > 0.01), THRESHOLDS)
def test_a_model_with_a_neutral_label_knows_better_than_a_threshold(
    shares: tuple[float, float, float], threshold: float
) -> None:
    labels = ("negative", "neutral", "positive")

    outcome = score(shares, labels, threshold)

    assert outcome.label == score(shares, labels, None).label


def test_a_score_is_compared_as_callers_see_it() -> None:
    assert score([0.2000004, 0.7999996], LABELS, 0.8).label == "positive"
    assert score([0.200001, 0.799999], LABELS, 0.8).label == "neutral"


def test_the_band_looks_at_all_windows_together() -> None:
    text = pend(10, 10, neutral_threshold=0.7)

    text.add(text.windows[0], np.array([0.1, 0.9], dtype=np.float32))
    text.add(text.windows[1], np.array([0.8, 0.2], dtype=np.float32))
    outcome = text.conclude(LABELS, "m@r")

    assert isinstance(outcome, Success)
    assert (outcome.label, outcome.score) == ("neutral", 0.55)
