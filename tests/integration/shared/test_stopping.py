"""Cancellations and deadlines against claims, on both databases."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from shared.database import Database
from shared.models import Job, TextRow
from shared.queries import claims, jobs, stopping
from shared.queries.claims import ClaimedText, Success
from shared.queries.stopping import Stopped
from shared.queries.turns import ClaimLimits, choose_texts
from shared.states import EventType, JobState, Lane, TextState
from shared.tenants import Tenant
from tests.factories import get_delivery, get_job, list_texts, submit
from tests.fakes import FakeClock

WEBHOOK = {"url": "https://hooks.example.com/", "events": list(EventType)}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def limits(clock: FakeClock, max_texts: int = 100) -> ClaimLimits:
    return ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), max_texts, 10_000)


def claim(database: Database, clock: FakeClock, given: ClaimLimits) -> list[ClaimedText]:
    with database.writing() as session:
        return claims.claim_texts(session, given, clock.now()).texts


def settle(database: Database, clock: FakeClock, token: UUID, claimed: Sequence[ClaimedText]) -> jobs.Finished:
    outcomes = [Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1") for text in claimed]
    with database.writing() as session:
        return claims.settle_texts(session, token, outcomes, clock.now())


def cancel(database: Database, clock: FakeClock, job_id: UUID) -> Stopped:
    with database.writing() as session:
        jobs.lock_job(session, Tenant.LOCAL, job_id)
        return stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now())


def sweep(database: Database, clock: FakeClock) -> Stopped:
    with database.writing() as session:
        return stopping.stop_overdue(session, stopping.list_overdue(session, clock.now(), 100), clock.now(), 1_000)


def count_states(database: Database, job_id: UUID) -> Counter[str]:
    return Counter(str(row.state) for row in list_texts(database, job_id))


def test_no_text_is_claimed_from_its_deadline_on_even_before_the_sweeper_comes(
    database: Database, clock: FakeClock
) -> None:
    job_id = submit(database, ["迟"], clock.now(), deadline_at=clock.now() + timedelta(seconds=60))
    submit(database, ["不急"], clock.now())
    clock.move(60)

    claimed = claim(database, clock, limits(clock))

    assert [text.text for text in claimed] == ["不急"]
    assert get_job(database, job_id).state == JobState.QUEUED


def test_an_overdue_job_expires_and_its_running_texts_are_finished(database: Database, clock: FakeClock) -> None:
    deadline = clock.now() + timedelta(seconds=5)
    job_id = submit(database, ["一", "二", "三"], clock.now(), deadline_at=deadline, webhook=WEBHOOK)
    given = limits(clock, max_texts=1)
    running = claim(database, clock, given)
    early = sweep(database, clock)

    clock.move(5)
    late = sweep(database, clock)
    between = get_job(database, job_id)
    finished = settle(database, clock, given.token, running)

    assert (early.jobs, late.jobs, late.texts, late.finished.job_ids) == (0, 1, 2, ())
    assert (between.state, between.running_count, between.cancelled_count) == (JobState.EXPIRED, 1, 2)
    job = get_job(database, job_id)
    assert (job.state, job.succeeded_count, job.cancelled_count) == (JobState.EXPIRED, 1, 2)
    assert job.finished_at is not None
    assert (finished.job_ids, len(finished.delivery_ids)) == ((job_id,), 1)


def test_a_job_that_nobody_has_begun_finishes_as_it_expires_and_says_so(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一"], clock.now(), deadline_at=clock.now(), webhook=WEBHOOK)

    first, second = sweep(database, clock), sweep(database, clock)

    assert (first.finished.job_ids, second.jobs) == ((job_id,), 0)
    (delivery_id,) = first.finished.delivery_ids
    delivery = get_delivery(database, delivery_id)
    assert (delivery.event, delivery.payload["data"]["state"]) == (EventType.JOB_EXPIRED, "expired")
    assert delivery.payload["data"]["counts"] == {"total": 1, "succeeded": 0, "failed": 0, "cancelled": 1}


def test_a_cancelled_job_stays_cancelled_beyond_its_deadline(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一", "二"], clock.now(), deadline_at=clock.now() + timedelta(seconds=5))
    claim(database, clock, limits(clock, max_texts=1))
    cancel(database, clock, job_id)
    clock.move(6)

    assert sweep(database, clock).jobs == 0
    assert get_job(database, job_id).state == JobState.CANCELLED


def test_a_lost_text_of_an_expired_job_is_cancelled(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一"], clock.now(), deadline_at=clock.now() + timedelta(seconds=5))
    claim(database, clock, limits(clock))
    clock.move(20)
    sweep(database, clock)

    with database.writing() as session:
        taken = claims.take_back_expired(session, clock.now(), max_attempts=3, limit=100)

    assert taken.finished.job_ids == (job_id,)
    assert count_states(database, job_id) == {"cancelled": 1}
    assert get_job(database, job_id).state == JobState.EXPIRED


def test_a_cancellation_that_commits_before_a_claim_goes_on_wins(database: Database, clock: FakeClock) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer, so a cancellation cannot come in the middle of a claim")
    job_id = submit(database, ["一", "二"], clock.now())

    with database.writing() as session:
        choose_texts(session, limits(clock), Lane.BULK, clock.now())  # the claim has locked the rows
        cancelled = cancel(database, clock, job_id)  # in another transaction, which skips them
        claimed = claims.claim_texts(session, limits(clock), clock.now()).texts

    assert (cancelled.texts, claimed) == (0, [])
    swept = sweep(database, clock)
    assert (swept.texts, swept.finished.job_ids) == (2, (job_id,))
    assert get_job(database, job_id).state == JobState.CANCELLED


def test_texts_of_a_claim_that_failed_during_a_cancellation_are_cancelled_after_all(
    database: Database, clock: FakeClock
) -> None:
    """Whatever the database: texts that wait in a job that was stopped are never claimed, and the sweeper ends them."""
    job_id = submit(database, ["一", "二"], clock.now())
    with database.writing() as session:
        stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now())
        # As a claim leaves them that had locked them, and then rolled back.
        session.execute(update(TextRow).values(state=TextState.QUEUED, finished_at=None))
        session.execute(update(Job).values(queued_count=2, cancelled_count=0, finished_at=None))

    claimed = claim(database, clock, limits(clock))
    swept = sweep(database, clock)

    assert (claimed, swept.texts, swept.finished.job_ids) == ([], 2, (job_id,))
    job = get_job(database, job_id)
    assert (job.state, job.queued_count, job.cancelled_count) == (JobState.CANCELLED, 0, 2)


@pytest.mark.parametrize("way", ["cancel", "expire"])
def test_claims_and_a_stop_at_the_same_time_leave_counts_that_add_up(
    database: Database, clock: FakeClock, way: str
) -> None:
    deadline = clock.now() + timedelta(seconds=5) if way == "expire" else None
    job_id = submit(database, ["字"] * 200, clock.now(), deadline_at=deadline)
    begun = threading.Event()

    def work() -> None:
        while claimed := claim(database, clock, given := limits(clock, max_texts=5)):
            begun.set()
            settle(database, clock, given.token, claimed)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    clock.move(5)
    if way == "cancel":
        cancel(database, clock, job_id)
    for thread in threads:
        thread.join()
    sweep(database, clock)

    job, states = get_job(database, job_id), count_states(database, job_id)
    assert states == Counter(succeeded=job.succeeded_count, cancelled=job.cancelled_count)
    assert job.succeeded_count + job.cancelled_count == job.total_count == 200
    assert job.finished_at is not None
    if job.cancelled_count:
        assert job.state == (JobState.CANCELLED if way == "cancel" else JobState.EXPIRED)
    assert TextState.QUEUED not in states
