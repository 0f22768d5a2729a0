"""When a job should be done, and when it is worth asking again."""

from datetime import UTC, datetime

import pytest

from api.services.admission import plan_retry_seconds
from api.services.progress import estimate_seconds, find_last_sign_of_life, sum_speeds
from shared.models import WorkerRow
from shared.settings import Settings
from tests.fakes import FakeClock


def test_the_eta_is_the_texts_to_do_over_the_measured_speed() -> None:
    assert estimate_seconds(1_000, 300.0) == 3.3
    assert estimate_seconds(0, 300.0) == 0.0


def test_nobody_alive_means_no_eta() -> None:
    assert estimate_seconds(1_000, 0.0) is None


def test_speeds_add_up_by_model() -> None:
    alive = [WorkerRow(model=model, texts_per_second=speed) for model, speed in [("a", 10.0), ("b", 5.0), ("a", 2.5)]]

    assert sum_speeds(alive) == {"a": 12.5, "b": 5.0}


@pytest.mark.parametrize(
    ("excess", "speed", "seconds"),
    [(1, 1_000.0, 1), (1_000, 100.0, 10), (1_001, 100.0, 11), (10**9, 1.0, 3_600), (5, 0.0, 60)],
)
def test_a_refused_caller_is_told_when_its_texts_would_fit(excess: int, speed: float, seconds: int) -> None:
    assert plan_retry_seconds(excess, speed) == seconds


@pytest.mark.parametrize(("heartbeat", "silence"), [(0.5, 10), (2.0, 10), (20.0, 60)])
def test_a_worker_counts_as_alive_for_three_heartbeats_or_ten_seconds(heartbeat: float, silence: int) -> None:
    clock = FakeClock(datetime(2026, 1, 1, 0, 1, 0, tzinfo=UTC))

    since = find_last_sign_of_life(Settings(heartbeat_seconds=heartbeat), clock)

    assert (clock.now() - since).total_seconds() == silence
