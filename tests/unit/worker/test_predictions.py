"""How a text's windows become one prediction."""

from uuid import uuid4

import numpy as np
import pytest

from shared.queries.claims import ClaimedText, Failure, Success
from shared.states import ErrorCode, Lane
from worker.classifiers import Encoding
from worker.predictions import PendingText


def pend(*fresh_tokens: int) -> PendingText:
    windows = [Encoding((1, 5, 2), "字", fresh) for fresh in fresh_tokens]
    return PendingText(ClaimedText(7, uuid4(), Lane.BULK, "字"), windows)


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
