"""The texts of a run and what must come of each, computed from a seed, so that nothing need be remembered. Pure."""

import random
from dataclasses import dataclass
from zlib import crc32

from tests.faults.poisoned_worker import POISON

INTERACTIVE_TEXTS = 4
BULK_TEXTS = (100, 500)
WEBHOOK_SHARE = 0.5
FIRST_POISONED_JOB = 3
JOBS_BETWEEN_POISONS = 20


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job to submit."""

    seed: int
    number: int
    size: int
    is_interactive: bool
    has_webhook: bool
    poison_at: int | None  # the position of the text that kills whoever scores it

    @property
    def marker(self) -> str:
        """Return the name by which the job is found again, whatever its id."""
        return f"{self.seed}-{'single' if self.is_interactive else 'bulk'}-{self.number}"

    def list_texts(self) -> list[str]:
        """Return the job's texts."""
        return [
            f"第{self.marker}批第{position}条：{POISON if position == self.poison_at else '东西收到了，和图片一样。'}"
            for position in range(self.size)
        ]


def plan_job(seed: int, number: int, *, is_interactive: bool, poisons: int) -> JobPlan:
    """Return the job of this number in its lane; the first `poisons` bulk jobs whose turn it is hold a poison text."""
    draw = random.Random(f"{seed}/{is_interactive}/{number}")
    size = draw.randint(1, INTERACTIVE_TEXTS) if is_interactive else draw.randint(*BULK_TEXTS)
    turn, rest = divmod(number - FIRST_POISONED_JOB, JOBS_BETWEEN_POISONS)
    is_poisoned = not is_interactive and rest == 0 and 0 <= turn < poisons
    return JobPlan(
        seed, number, size, is_interactive, draw.random() < WEBHOOK_SHARE, draw.randrange(size) if is_poisoned else None
    )


def expect_positive(text: str) -> float:
    """Return the probability that the stand-in model gives a text for being positive, told apart from any other's."""
    return 0.05 + 0.9 * (crc32(text.encode()) % 10_007) / 10_007


def expect_result(text: str) -> tuple[str, float]:
    """Return the label and the score that this text must get."""
    positive = expect_positive(text)
    return ("positive", positive) if positive > 0.5 else ("negative", 1 - positive)
