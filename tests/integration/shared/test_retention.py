"""Purging in batches, and removing a job under a worker's hands, on both databases."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, func, insert, select

from migrations.upgrade import upgrade
from shared.database import Database
from shared.errors import JobNotFound
from shared.models import Delivery, DeliveryAttempt, IdempotencyKey, Job, TextRow
from shared.queries import claims, retention
from shared.queries.claims import Success
from shared.queries.turns import ClaimLimits
from shared.states import JobState
from shared.tenants import Tenant
from tests.at_once import do_at_once
from tests.factories import finish_job, get_job, list_texts, submit
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def score(database: Database, clock: FakeClock, texts: int = 3, expires_after: int | None = None) -> UUID:
    """Store a job and score it."""
    job_id = submit(database, ["好"] * texts, clock.now(), expires_after=expires_after)
    limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 10_000, 10**6)
    with database.writing() as session:
        claimed = claims.claim_texts(session, limits, clock.now()).texts
        outcomes = [Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1") for text in claimed]
        claims.settle_texts(session, limits.token, outcomes, clock.now())
    return job_id


def expire(database: Database, clock: FakeClock, seconds: float) -> int:
    with database.writing() as session:
        return retention.expire_results(session, clock.now() - timedelta(seconds=seconds), clock.now(), 1_000)


def purge(database: Database, clock: FakeClock, limit: int = 1_000) -> int:
    with database.writing() as session:
        return retention.purge_texts(session, clock.now(), limit)


def count(database: Database, table: type[object]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_texts_go_after_their_time_and_counts_stay(database: Database, clock: FakeClock) -> None:
    old = score(database, clock)
    clock.move(100)
    new, waiting = score(database, clock), submit(database, ["还没有"], clock.now(), model="n")

    expired, purged = expire(database, clock, seconds=100), purge(database, clock)

    assert (expired, purged) == (1, 4)
    job = get_job(database, old)
    assert (job.state, job.succeeded_count, job.purged_at) == (JobState.COMPLETED, 3, clock.now())
    assert [len(list_texts(database, job_id)) for job_id in (old, new, waiting)] == [0, 3, 1]
    assert (expire(database, clock, seconds=100), purge(database, clock)) == (0, 0)


def test_a_job_is_marked_only_when_its_last_text_is_gone(database: Database, clock: FakeClock) -> None:
    job_id = score(database, clock, texts=5)
    expire(database, clock, seconds=0)

    steps = []
    while purge(database, clock, limit=2):
        steps.append((len(list_texts(database, job_id)), get_job(database, job_id).purged_at is not None))

    assert steps == [(3, False), (1, False), (0, True)]


def test_a_job_may_ask_to_be_forgotten_sooner(database: Database, clock: FakeClock) -> None:
    asking, other = score(database, clock, expires_after=60), score(database, clock)
    clock.move(59)
    early = purge(database, clock)

    clock.move(1)
    late = purge(database, clock)

    assert (early, late) == (0, 4)
    assert get_job(database, asking).purged_at == clock.now()
    assert get_job(database, other).purged_at is None


def test_two_sweepers_at_once_do_each_others_work_no_harm(database: Database, clock: FakeClock) -> None:
    ids = [score(database, clock, texts=40) for _ in range(5)]
    expire(database, clock, seconds=0)

    def work() -> None:
        while purge(database, clock, limit=7):
            continue

    do_at_once(3, work)
    while purge(database, clock):  # what all of them had skipped because another held it
        continue

    assert count(database, TextRow) == 0
    assert all(get_job(database, job_id).purged_at is not None for job_id in ids)


def test_a_removed_job_leaves_nothing(database: Database, clock: FakeClock) -> None:
    kept = score(database, clock)
    delivery_id = finish_job(database, clock.now(), texts=3)
    with database.writing() as session:
        job_id = session.get_one(Delivery, delivery_id).job_id
        assert job_id is not None
        session.execute(insert(DeliveryAttempt).values(delivery_id=delivery_id, number=1, started_at=clock.now()))
        session.execute(
            insert(IdempotencyKey).values(
                tenant_id=0, key="k", fingerprint="f", job_id=job_id, answer_due_at=clock.now(), expires_at=clock.now()
            )
        )
        was_unfinished = retention.delete_job(session, Tenant.LOCAL, job_id)

    assert was_unfinished is False
    assert [count(database, table) for table in (Delivery, DeliveryAttempt, IdempotencyKey)] == [0, 0, 0]
    assert (count(database, Job), count(database, TextRow), len(list_texts(database, kept))) == (1, 3, 3)


def test_another_tenants_job_cannot_be_removed(database: Database, clock: FakeClock) -> None:
    job_id = score(database, clock)

    with pytest.raises(JobNotFound), database.writing() as session:
        retention.delete_job(session, 1, job_id)

    assert len(list_texts(database, job_id)) == 3


def test_a_workers_late_results_for_a_removed_job_are_dropped(database: Database, clock: FakeClock) -> None:
    job_id, other = submit(database, ["一", "二"], clock.now()), submit(database, ["三"], clock.now())
    limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 100, 100)
    with database.writing() as session:
        claimed = claims.claim_texts(session, limits, clock.now()).texts
    with database.writing() as session:
        was_unfinished = retention.delete_job(session, Tenant.LOCAL, job_id)

    with database.writing() as session:
        held = claims.renew_lease(session, limits.token, [text.id for text in claimed], clock.now())
        outcomes = [Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1") for text in claimed]
        finished = claims.settle_texts(session, limits.token, outcomes, clock.now())

    assert (was_unfinished, held, finished.job_ids) == (True, 1, (other,))
    assert count(database, TextRow) == 1


def test_removing_a_job_while_workers_are_at_it_ends_in_no_deadlock(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["字"] * 300, clock.now())
    kept = submit(database, ["字"] * 100, clock.now())
    begun, errors = threading.Event(), []

    def work() -> None:
        limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 7, 1_000)
        try:
            while True:
                with database.writing() as session:
                    claimed = claims.claim_texts(session, limits, clock.now()).texts
                if not claimed:
                    return
                begun.set()
                outcomes = [Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1") for text in claimed]
                with database.writing() as session:
                    claims.settle_texts(session, limits.token, outcomes, clock.now())
        except Exception as err:
            errors.append(err)
            raise

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    with database.writing() as session:
        retention.delete_job(session, Tenant.LOCAL, job_id)
    for thread in threads:
        thread.join()

    assert errors == []
    assert (count(database, Job), count(database, TextRow)) == (1, 100)
    assert get_job(database, kept).succeeded_count == 100


def test_what_is_due_is_found_by_an_index_of_what_is_not_purged(tmp_path: Path) -> None:
    """Among a million jobs whose results are long gone, a full scan each second would hold up everybody."""
    database = Database(f"sqlite:///{tmp_path / 'plan.db'}")
    upgrade(database)
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "purged_at" in statement:
            plans.append(" ".join(map(str, cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall())))

    event.listen(database.engine, "before_cursor_execute", explain)
    expire(database, FakeClock(), seconds=1)
    purge(database, FakeClock())

    database.close()
    assert ["ix_jobs_unpurged" in plans[0], "ix_jobs_expiring" in plans[1]] == [True, True]
    assert all("SCAN" not in plan for plan in plans)
