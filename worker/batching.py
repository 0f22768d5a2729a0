"""Plans micro-batches: sorted by length, counting the padding, under a budget that follows the model's speed. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SMOOTHING = 0.2  # the weight of the newest measurement
MIN_BUDGET_TOKENS = 64
# Another micro-batch costs about as much as this many tokens, so more padding than that does not pay.
MAX_PADDING_TOKENS = 16


def plan_micro_batches(
    lengths: Sequence[int], max_batch_tokens: int, max_padding_tokens: float = math.inf
) -> list[list[int]]:
    """Group the indices of `lengths` (in tokens) so that length of the longest × count stays within the budget.

    Shorter ones come first; one that is over the budget by itself goes out alone. A micro-batch is also closed before
    it would hold more than `max_padding_tokens` of padding.
    """
    batches: list[list[int]] = []
    tokens = 0  # of the newest micro-batch, without padding
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Sorted, so the newest member is the longest and the others are padded to it.
        padded = lengths[index] * (len(batches[-1]) + 1) if batches else 0
        if batches and padded <= max_batch_tokens and padded - tokens - lengths[index] <= max_padding_tokens:
            batches[-1].append(index)
            tokens += lengths[index]
        else:
            batches.append([index])
            tokens = lengths[index]
    return batches


def count_padded_tokens(lengths: Sequence[int]) -> int:
    """Return how many tokens the model works through for a micro-batch of these lengths."""
    return max(lengths, default=0) * len(lengths)


@dataclass(slots=True)
class TokenBudget:
    """How many padded tokens take about `target_seconds`, by what has been measured."""

    target_seconds: float
    max_tokens: int
    tokens_per_second: float = 0.0

    @property
    def tokens(self) -> int:
        """Return the budget of the next micro-batch."""
        return max(MIN_BUDGET_TOKENS, min(self.max_tokens, int(self.tokens_per_second * self.target_seconds)))

    def observe(self, padded_tokens: int, seconds: float) -> None:
        """Take in one measured micro-batch; a large one counts for more than a small one."""
        if padded_tokens <= 0 or seconds <= 0:
            return
        speed = padded_tokens / seconds
        if not self.tokens_per_second:
            self.tokens_per_second = speed
            return
        weight = SMOOTHING * min(1.0, padded_tokens / self.tokens)
        self.tokens_per_second += weight * (speed - self.tokens_per_second)
