"""What the sweeper ends, round by round."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from shared.database import Database
from shared.models import IdempotencyKey, TextRow
from shared.queries.jobs import CountChange, apply_changes
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from shared.states import JobState
from tests.factories import get_job, submit
from tests.fakes import FakeClock, FakeQueue
from tests.servers import find_free_port
from worker.expiry import BATCH_JOBS, BATCHES_A_ROUND, Expiry
from worker.sweeper import Sweeper

BATCH_ROWS = 10


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def expiry(settings: Settings, database: Database, queue: FakeQueue, clock: FakeClock) -> Expiry:
    return Expiry(settings, database, queue, clock, batch_rows=BATCH_ROWS)


def finish(database: Database, clock: FakeClock, texts: int) -> UUID:
    job_id = submit(database, ["好"] * texts, clock.now())
    with database.writing() as session:
        apply_changes(session, {job_id: CountChange(queued=-texts, succeeded=texts)}, clock.now())
    return job_id


def count_texts(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(TextRow)) or 0


def test_every_overdue_job_expires_in_one_round_and_is_announced(
    expiry: Expiry, database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    deadline = clock.now() + timedelta(seconds=1)
    ids = [submit(database, ["迟"], clock.now(), deadline_at=deadline) for _ in range(BATCH_JOBS + 1)]
    clock.move(1)

    expiry.stop_overdue()

    assert {get_job(database, job_id).state for job_id in ids} == {JobState.EXPIRED}
    assert sorted(queue.finished) == sorted(ids)


def test_a_large_job_expires_at_once_and_its_texts_go_in_batches(
    expiry: Expiry, database: Database, clock: FakeClock
) -> None:
    job_id = submit(database, ["迟"] * (2 * BATCH_ROWS + 1), clock.now(), deadline_at=clock.now())

    steps = []
    while expiry._stop_some(clock.now()):
        job = get_job(database, job_id)
        steps.append((job.state, job.queued_count, job.finished_at is not None))

    expired = JobState.EXPIRED
    assert steps == [(expired, BATCH_ROWS + 1, False), (expired, 1, False), (expired, 0, True)]


def test_a_round_purges_a_bounded_part_and_the_next_goes_on(
    expiry: Expiry, database: Database, clock: FakeClock
) -> None:
    finish(database, clock, texts=BATCHES_A_ROUND * BATCH_ROWS + 1)
    clock.move(30 * 86_400)

    left = []
    for _ in range(2):
        expiry.purge()
        left.append(count_texts(database))

    assert left == [1, 0]


def test_what_is_younger_than_the_retention_stays(expiry: Expiry, database: Database, clock: FakeClock) -> None:
    finish(database, clock, texts=2)
    clock.move(30 * 86_400 - 1)

    expiry.purge()

    assert count_texts(database) == 2


def test_without_a_retention_nothing_goes_but_what_asked_for_it(
    settings: Settings, database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    for_ever = settings.model_copy(update={"retention_seconds": 0})
    finish(database, clock, texts=2)
    clock.move(10 * 365 * 86_400)

    Expiry(for_ever, database, queue, clock).purge()

    assert count_texts(database) == 2


def test_keys_are_forgotten_after_their_time(expiry: Expiry, database: Database, clock: FakeClock) -> None:
    job_id = finish(database, clock, texts=1)
    rows = [
        {"tenant_id": 0, "key": name, "fingerprint": "f", "job_id": job_id, "answer_due_at": clock.now(),
         "expires_at": clock.now() + timedelta(seconds=seconds)}
        for name, seconds in (("old", 10), ("new", 11))
    ]  # fmt: skip
    with database.writing() as session:
        session.execute(insert(IdempotencyKey), rows)
    clock.move(10)

    expiry.purge()

    with database.reading() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["new"]


def test_a_sweeper_without_a_broker_still_ends_what_is_over(
    settings: Settings, database: Database, clock: FakeClock
) -> None:
    away = settings.model_copy(update={"broker_url": f"redis://127.0.0.1:{find_free_port()}/0"})
    late = submit(database, ["迟"], clock.now(), deadline_at=clock.now())
    submit(database, ["等"], clock.now())
    finish(database, clock, texts=3)
    clock.move(30 * 86_400)

    Sweeper(away, database, CeleryTaskQueue(away), clock).sweep()

    assert get_job(database, late).state == JobState.EXPIRED
    assert count_texts(database) == 2
