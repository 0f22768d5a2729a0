"""Heartbeats and the watchdog that reads them."""

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.database import Database
from shared.queries import workers
from shared.settings import Settings
from tests.factories import submit
from tests.fakes import FakeClassifier, FakeClock
from worker.heartbeat import Heartbeat
from worker.measurements import Pulse
from worker.watchdog import STARTING_FACTOR, Watchdog


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def watchdog(settings: Settings, database: Database, clock: FakeClock) -> Watchdog:
    return Watchdog(settings.model_copy(update={"model": "m"}), database, clock)


def beat(settings: Settings, database: Database, clock: FakeClock, pulse: Pulse) -> Heartbeat:
    heartbeat = Heartbeat(settings, database, FakeClassifier(), pulse, clock)
    heartbeat._beat()
    return heartbeat


def test_a_beating_worker_is_live_and_its_model_known(settings: Settings, database: Database, clock: FakeClock) -> None:
    beat(settings, database, clock, Pulse(clock.now(), texts_per_second=250.0, batch_tokens=900))

    with database.reading() as session:
        (worker,) = workers.list_live(session, clock.now() - timedelta(seconds=1))
        model = workers.find_served_model(session, settings.model_name)
    assert (worker.pid, worker.host, worker.texts_per_second) == (os.getpid(), socket.gethostname(), 250.0)
    assert model is not None
    assert (model.revision, model.labels) == ("0123456789ab", ["negative", "positive"])
    assert (model.neutral_threshold, model.arithmetic) == (None, "fp32")


def test_the_threshold_that_is_known_is_that_of_the_worker_heard_last(
    settings: Settings, database: Database, clock: FakeClock
) -> None:
    found = []

    for threshold in (0.75, None):
        Heartbeat(settings, database, FakeClassifier(neutral_threshold=threshold), Pulse(clock.now()), clock)._beat()
        with database.reading() as session:
            model = workers.find_served_model(session, settings.model_name)
            found.append(model and model.neutral_threshold)

    assert found == [0.75, None]


def test_beating_twice_keeps_one_row(settings: Settings, database: Database, clock: FakeClock) -> None:
    heartbeat = beat(settings, database, clock, Pulse(clock.now()))
    clock.move(2)

    heartbeat._beat()

    with database.reading() as session:
        (worker,) = workers.list_live(session, clock.now() - timedelta(seconds=1))
    assert worker.seen_at == clock.now()


def test_a_stopped_worker_leaves_the_list_but_its_model_stays_known(
    settings: Settings, database: Database, clock: FakeClock
) -> None:
    heartbeat = beat(settings, database, clock, Pulse(clock.now()))

    heartbeat.stop()

    with database.reading() as session:
        assert workers.list_live(session, clock.now() - timedelta(hours=1)) == []
        assert len(workers.list_served_models(session)) == 1


def move_beyond_patience(settings: Settings, clock: FakeClock, factor: float = 1.0) -> None:
    clock.move(settings.watchdog_seconds * factor + 1)


def make_child_of_this_process(database: Database, heartbeat: Heartbeat, pid: int | None = None) -> None:
    # The watchdog runs in the parent of the processes that beat.
    family = {"pid": pid or os.getpid(), "parent_pid": os.getpid()}
    with database.writing() as session:
        workers.upsert_worker(session, heartbeat._describe_worker() | family)


def test_texts_that_wait_while_no_child_gets_on_are_a_stall(
    settings: Settings, database: Database, clock: FakeClock, watchdog: Watchdog
) -> None:
    make_child_of_this_process(database, beat(settings, database, clock, Pulse(clock.now())))
    submit(database, ["好"], clock.now())
    early = watchdog.is_stalled()

    move_beyond_patience(settings, clock)

    assert (early, watchdog.is_stalled()) == (False, True)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_child_that_has_died_leaves_the_pool_time_to_replace_it(
    settings: Settings,
    database: Database,
    clock: FakeClock,
    watchdog: Watchdog,
    sleeper: subprocess.Popen[bytes],
) -> None:
    make_child_of_this_process(database, beat(settings, database, clock, Pulse(clock.now())), sleeper.pid)
    submit(database, ["好"], clock.now())
    early = watchdog.is_stalled()
    move_beyond_patience(settings, clock)

    sleeper.kill()  # not waited for: Celery, too, may be late to see it
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    at_its_death = watchdog.is_stalled()
    move_beyond_patience(settings, clock)

    assert (early, at_its_death, watchdog.is_stalled()) == (False, False, True)


def test_a_long_backlog_that_moves_is_no_stall(
    settings: Settings, database: Database, clock: FakeClock, watchdog: Watchdog
) -> None:
    submit(database, ["好"], clock.now())
    move_beyond_patience(settings, clock)

    make_child_of_this_process(database, beat(settings, database, clock, Pulse(clock.now())))

    assert not watchdog.is_stalled()


def test_an_idle_worker_is_no_stall(settings: Settings, clock: FakeClock, watchdog: Watchdog) -> None:
    move_beyond_patience(settings, clock, factor=100)

    assert not watchdog.is_stalled()


def test_children_that_load_a_large_model_get_more_time(
    settings: Settings, database: Database, clock: FakeClock, watchdog: Watchdog
) -> None:
    submit(database, ["好"], clock.now())
    move_beyond_patience(settings, clock)
    early = watchdog.is_stalled()

    move_beyond_patience(settings, clock, factor=STARTING_FACTOR)

    assert (early, watchdog.is_stalled()) == (False, True)
