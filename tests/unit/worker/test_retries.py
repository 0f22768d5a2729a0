"""When a failed delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.queries.delivery_claims import Answer
from shared.settings import Settings
from worker.retries import JITTER, MAX_RETRY_AFTER_SECONDS, parse_retry_after, plan_next_attempt

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAUSES = Settings().webhook_retry_seconds
FAILED = Answer(500)


def test_the_schedule_is_ten_attempts_over_about_three_days() -> None:
    whole = sum(PAUSES)

    assert Settings().webhook_attempts == 10
    assert timedelta(days=3) < timedelta(seconds=whole) < timedelta(days=3.5)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 300), (3, 1_800), (9, 86_400)])
def test_each_failure_is_followed_by_a_longer_pause(tries: int, seconds: float) -> None:
    assert plan_next_attempt(tries, FAILED, NOW, PAUSES, draw=0.0) == NOW + timedelta(seconds=seconds)


def test_the_draw_spreads_what_failed_together() -> None:
    assert plan_next_attempt(2, FAILED, NOW, PAUSES, draw=1.0) == NOW + timedelta(seconds=300 * (1 + JITTER))


@pytest.mark.parametrize("tries", [10, 11])
def test_after_the_last_attempt_nothing_follows(tries: int) -> None:
    assert plan_next_attempt(tries, FAILED, NOW, PAUSES, draw=0.5) is None


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    assert plan_next_attempt(1, Answer(410), NOW, PAUSES, draw=0.5) is None


@pytest.mark.parametrize(
    ("tries", "asked", "seconds"),
    [
        (1, 120.0, 120.0),  # the schedule would come after 5 s already
        (2, 120.0, 300.0),  # patience costs no attempt, so the schedule's own is kept
        (1, None, 5.0),
    ],
)
def test_the_receiver_may_ask_for_more_patience_than_the_schedule_has(
    tries: int, asked: float | None, seconds: float
) -> None:
    answer = Answer(429, retry_after_seconds=asked)

    assert plan_next_attempt(tries, answer, NOW, PAUSES, draw=0.0) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("999999999", MAX_RETRY_AFTER_SECONDS),
        ("Fri, 02 Jan 2026 00:01:40 GMT", 100.0),
        ("Fri, 02 Jan 2026 00:01:40 -0000", 100.0),
        ("Fri, 02 Jan 2026 01:01:40 +0100", 100.0),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0.0),
        ("Fri, 02 Jan 2099 00:00:00 GMT", MAX_RETRY_AFTER_SECONDS),
    ],
)
def test_seconds_and_dates_are_understood_up_to_a_day(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "1e3", "9" * 5_000, "٣", "Fri, 99 Jan 2026 00:00:00 GMT", "\ufffd" * 9, "0x10"]
)
def test_what_makes_no_sense_asks_for_nothing(value: str) -> None:
    assert parse_retry_after(value, NOW) is None
