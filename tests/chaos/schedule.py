"""Which fault happens when, from a seed alone. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.faults import Fault


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault at its time."""

    at_seconds: float  # since the start of the run
    fault: Fault
    draw: float  # from 0 to 1; chooses among several targets


def plan_faults(seed: int, kinds: Sequence[Fault], count: int, seconds: float) -> list[PlannedFault]:
    """Spread `count` faults over `seconds`, unevenly; no kind comes a second time before each has come once."""
    draw = random.Random(seed)
    deck: list[Fault] = []
    while len(deck) < count:
        deck += draw.sample(kinds, len(kinds))
    share = seconds / max(count, 1)
    return [
        PlannedFault((number + draw.random()) * share, fault, draw.random())
        for number, fault in enumerate(deck[:count])
    ]
