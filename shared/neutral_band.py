"""The neutral band: a text whose best score lies below a threshold is labelled neutral. Its bounds, for both sides."""

from typing import TypeGuard

# Of two probabilities the better one is never below a half, so a lower threshold could not mean anything.
MIN_NEUTRAL_THRESHOLD, MAX_NEUTRAL_THRESHOLD = 0.5, 1.0


def is_neutral_threshold(value: object) -> TypeGuard[float]:
    """Return whether `value` is a number from 0.5 to 1; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return MIN_NEUTRAL_THRESHOLD <= value <= MAX_NEUTRAL_THRESHOLD
