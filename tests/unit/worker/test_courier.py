"""When a failed delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.settings import Settings
from worker.delivering import JITTER, plan_next_attempt

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAUSES = Settings().webhook_retry_seconds


def test_the_schedule_is_ten_attempts_over_about_three_days() -> None:
    whole = sum(PAUSES)

    assert Settings().webhook_attempts == 10
    assert timedelta(days=3) < timedelta(seconds=whole) < timedelta(days=3.5)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 300), (3, 1_800), (9, 86_400)])
def test_each_failure_is_followed_by_a_longer_pause(attempt: int, seconds: float) -> None:
    assert plan_next_attempt(attempt, NOW, PAUSES, draw=0.0) == NOW + timedelta(seconds=seconds)


def test_the_draw_spreads_what_failed_together() -> None:
    assert plan_next_attempt(2, NOW, PAUSES, draw=1.0) == NOW + timedelta(seconds=300 * (1 + JITTER))


@pytest.mark.parametrize("attempt", [10, 11])
def test_after_the_last_attempt_nothing_follows(attempt: int) -> None:
    assert plan_next_attempt(attempt, NOW, PAUSES, draw=0.5) is None
