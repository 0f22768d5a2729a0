"""Puts a text's windows together again: the average of their probabilities, weighed by fresh tokens. Pure.

Here a text gets its label too, and nowhere else, so that whatever reads results agrees about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shared.queries.claims import ClaimedText, Failure, Success
from shared.states import ErrorCode, Label
from worker.classifiers import Encoding


@dataclass(slots=True)
class PendingText:
    """A claimed text whose windows are being scored; its outcome is due when all of them are in."""

    claimed: ClaimedText
    windows: Sequence[Encoding] = ()
    sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    windows_done: int = 0
    failure: Failure | None = None

    @property
    def token_count(self) -> int:
        """Return the text's tokens, each counted once, without [CLS] and [SEP]."""
        return sum(window.fresh_tokens for window in self.windows)

    @property
    def is_done(self) -> bool:
        """Whether the text has its outcome."""
        return self.failure is not None or self.windows_done == len(self.windows)

    def add(self, window: Encoding, probabilities: npt.NDArray[np.float32]) -> None:
        """Take in one window's probabilities, float32 [labels]."""
        weighted = probabilities.astype(np.float64) * window.fresh_tokens
        self.sums = weighted if self.windows_done == 0 else self.sums + weighted
        self.windows_done += 1

    def fail(self, code: ErrorCode, detail: str) -> None:
        """Give the text up, keeping the first reason."""
        self.failure = self.failure or Failure(self.claimed, code, detail)

    def conclude(self, labels: Sequence[str], model_version: str) -> Success | Failure:
        """Return the outcome of a text that is done."""
        if self.failure is not None:
            return self.failure
        probabilities = self.sums / self.sums.sum()
        best = int(probabilities.argmax())
        score = _round(probabilities[best])
        is_neutral = falls_into_band(score, labels, self.claimed.neutral_threshold)
        return Success(
            text=self.claimed,
            label=Label.NEUTRAL if is_neutral else labels[best],
            score=score,
            scores={label: _round(value) for label, value in zip(labels, probabilities, strict=True)},
            token_count=self.token_count,
            window_count=len(self.windows),
            model_version=model_version,
        )


def falls_into_band(score: float, labels: Sequence[str], neutral_threshold: float | None) -> bool:
    """Return whether a text with this best score, rounded as callers see it, counts as neutral under this threshold.

    Never without a threshold, nor for a model with a neutral label: such a model has its own probability for that.
    """
    return neutral_threshold is not None and score < neutral_threshold and Label.NEUTRAL not in labels


def _round(probability: float) -> float:
    return round(float(probability), 6)
