"""Open jobs and copies against claims, settlements and cancellations, on both databases."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from shared.database import Database
from shared.models import Job
from shared.queries import claims, jobs, receiving, stopping, texts
from shared.queries.claims import ClaimedText, Failure, Success
from shared.queries.jobs import Finished
from shared.queries.receiving import Chunk
from shared.queries.texts import NewText, RowError
from shared.queries.turns import ClaimLimits
from shared.states import ErrorCode, EventType, JobState, Lane, TextState
from shared.tenants import Tenant
from tests.factories import get_job, list_texts
from tests.fakes import FakeClock

WEBHOOK = {"url": "https://hooks.example.com/", "events": [EventType.JOB_COMPLETED]}
TOKEN = uuid4()
BAD = NewText("", error=RowError(ErrorCode.TEXT_BLANK, "empty", 3))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def open_job(database: Database, clock: FakeClock) -> UUID:
    with database.writing() as session:
        return jobs.insert_job(
            session, model="m", lane=Lane.BULK, metadata=None, total=0, now=clock.now(), webhook=WEBHOOK,
            receiving_until=clock.now() + timedelta(minutes=5), upload_token=TOKEN,
        )  # fmt: skip


def add(database: Database, clock: FakeClock, job_id: UUID, rows: Sequence[NewText], first_position: int = 0) -> bool:
    chunk = Chunk(rows, first_position, "0" * 64, clock.now() + timedelta(minutes=5))
    with database.writing() as session:
        return receiving.add_chunk(session, session.get_one(Job, job_id), TOKEN, chunk, clock.now())


def close(database: Database, clock: FakeClock, job_id: UUID) -> Finished | None:
    with database.writing() as session:
        return receiving.close_upload(session, job_id, TOKEN, clock.now())


def claim(database: Database, clock: FakeClock) -> tuple[UUID, list[ClaimedText]]:
    token = uuid4()
    limits = ClaimLimits("m", token, clock.now() + timedelta(seconds=15), 100, 10_000)
    with database.writing() as session:
        return token, claims.claim_texts(session, limits, clock.now()).texts


def settle(
    database: Database, clock: FakeClock, token: UUID, claimed: Sequence[ClaimedText], fails: bool = False
) -> Finished:
    outcomes = [
        Failure(text, ErrorCode.SCORING_FAILED, "no") if fails
        else Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1")
        for text in claimed
    ]  # fmt: skip
    with database.writing() as session:
        return claims.settle_texts(session, token, outcomes, clock.now())


def read_counts(database: Database, job_id: UUID) -> dict[str, int]:
    """Return the job's counts that are not zero; the database itself holds that they add up."""
    job = get_job(database, job_id)
    return {str(state): count for state in TextState if (count := getattr(job, f"{state}_count"))}


def read_results(database: Database, job_id: UUID) -> list[tuple[str, str | None, str | None]]:
    with database.reading() as session:
        rows = texts.list_results(session, Tenant.LOCAL, job_id, limit=100)
    return [(str(row.state), row.label, row.error_code) for row in rows]


def test_rows_are_stored_as_they_are(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)

    assert add(database, clock, job_id, [NewText("好", "a", {"n": 1}), BAD, NewText("好", copy_of=0)] * 40)

    rows = list_texts(database, job_id)
    assert len(rows) == 120  # enough for the way past SQLAlchemy
    assert {(row.queued_at, row.model, row.lane, row.attempts) for row in rows} == {(clock.now(), "m", Lane.BULK, 0)}
    assert (rows[0].finished_at, rows[1].finished_at) == (None, clock.now())
    assert (rows[0].text, rows[0].client_id, rows[0].details, rows[0].state) == ("好", "a", {"n": 1}, "queued")
    assert (rows[1].state, rows[1].error_code, rows[1].error_line) == ("failed", "text_blank", 3)
    assert (rows[2].state, rows[2].copy_of, rows[0].copy_count, rows[2].details) == ("copied", 0, 40, None)
    assert read_counts(database, job_id) == {"queued": 80, "failed": 40}


@pytest.mark.parametrize("count", [1, 100])
def test_a_refusal_of_the_database_is_sqlalchemys_however_the_rows_came(
    database: Database, clock: FakeClock, count: int
) -> None:
    job_id, rows = open_job(database, clock), [NewText(f"第{number}条") for number in range(count)]
    add(database, clock, job_id, rows)

    with pytest.raises(IntegrityError) as caught:
        add(database, clock, job_id, rows)

    assert "第" not in str(caught.value)
    assert read_counts(database, job_id) == {"queued": count}


@pytest.mark.parametrize("moment", ["queued", "running", "settled"])
def test_copies_count_with_their_first_wherever_it_stands_when_they_come(
    database: Database, clock: FakeClock, moment: str
) -> None:
    job_id, copies = open_job(database, clock), [NewText("好", copy_of=0)] * 3
    add(database, clock, job_id, [NewText("好"), NewText("好", copy_of=0)])
    if moment == "queued":
        add(database, clock, job_id, copies, 2)
    token, claimed = claim(database, clock)
    if moment == "running":
        add(database, clock, job_id, copies, 2)
    running = read_counts(database, job_id)
    settle(database, clock, token, claimed)
    if moment == "settled":
        add(database, clock, job_id, copies, 2)

    finished = close(database, clock, job_id)

    assert (len(claimed), running) == (1, {"running": 2 if moment == "settled" else 5})
    assert read_counts(database, job_id) == {"succeeded": 5}
    assert read_results(database, job_id) == [("succeeded", "positive", None)] * 5
    assert finished is not None
    assert (finished.job_ids, len(finished.delivery_ids)) == ((job_id,), 1)


def test_copies_fail_with_their_first(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)
    add(database, clock, job_id, [NewText("好"), NewText("好", copy_of=0)])

    settle(database, clock, *claim(database, clock), fails=True)

    assert read_counts(database, job_id) == {"failed": 2}
    assert read_results(database, job_id) == [("failed", None, "scoring_failed")] * 2


def test_copies_go_back_with_their_first_and_are_given_up_with_it(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)
    add(database, clock, job_id, [NewText("好"), NewText("好", copy_of=0)])
    seen = []
    for _ in range(2):
        claim(database, clock)
        clock.move(20)
        with database.writing() as session:
            claims.take_back_expired(session, clock.now(), 2, 100)
        seen.append(read_counts(database, job_id))

    assert seen == [{"queued": 2}, {"failed": 2}]


def test_copies_are_cancelled_with_their_first(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)
    add(database, clock, job_id, [NewText("好"), NewText("好", copy_of=0), BAD])

    with database.writing() as session:
        jobs.lock_job(session, Tenant.LOCAL, job_id)
        stopped = stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now())

    assert (stopped.texts, stopped.finished.job_ids) == (2, (job_id,))
    assert read_counts(database, job_id) == {"cancelled": 2, "failed": 1}
    assert read_results(database, job_id)[1] == ("cancelled", None, None)
    assert add(database, clock, job_id, [NewText("差")], 3) is False
    assert close(database, clock, job_id) is None


def test_results_in_a_state_are_those_of_the_outcomes(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)
    add(database, clock, job_id, [NewText("好"), BAD, NewText("好", copy_of=0)])

    with database.reading() as session:
        rows = texts.list_results(session, Tenant.LOCAL, job_id, limit=10, state=TextState.QUEUED)

    assert [row.position for row in rows] == [0, 2]


def test_a_job_whose_every_text_is_scored_ends_when_the_upload_does(database: Database, clock: FakeClock) -> None:
    job_id = open_job(database, clock)
    add(database, clock, job_id, [NewText("好")])
    settled = settle(database, clock, *claim(database, clock))
    before = get_job(database, job_id).state

    finished = close(database, clock, job_id)

    assert (settled, before) == (Finished(), JobState.RUNNING)
    assert finished is not None
    assert (finished.job_ids, get_job(database, job_id).state) == ((job_id,), JobState.COMPLETED)
    assert close(database, clock, job_id) is None


def test_the_last_text_and_the_end_of_the_upload_at_the_same_moment_finish_the_job_once(
    database: Database, clock: FakeClock
) -> None:
    for _ in range(10):
        job_id = open_job(database, clock)
        add(database, clock, job_id, [NewText("好")])
        token, claimed = claim(database, clock)
        ready, ends = threading.Barrier(2), list[Finished | None]()

        def close_it(
            ready: threading.Barrier = ready, ends: list[Finished | None] = ends, job_id: UUID = job_id
        ) -> None:
            ready.wait()
            ends.append(close(database, clock, job_id))

        thread = threading.Thread(target=close_it)
        thread.start()
        ready.wait()
        ends.append(settle(database, clock, token, claimed))
        thread.join()

        assert sorted(len(end.job_ids) for end in ends if end is not None) == [0, 1]
        assert sorted(len(end.delivery_ids) for end in ends if end is not None) == [0, 1]
        assert get_job(database, job_id).state == JobState.COMPLETED


def test_who_takes_an_upload_over_is_the_only_one_to_add(database: Database, clock: FakeClock) -> None:
    job_id, other = open_job(database, clock), uuid4()

    with database.writing() as session:
        assert receiving.take_over(session, job_id, other, clock.now())

    assert not add(database, clock, job_id, [NewText("好")])
    assert (close(database, clock, job_id), list_texts(database, job_id)) == (None, [])


def test_nobody_is_told_that_an_upload_which_was_given_up_has_begun(database: Database, clock: FakeClock) -> None:
    webhook = WEBHOOK | {"events": list(EventType)}
    with database.writing() as session:
        job_id = jobs.insert_job(
            session, model="m", lane=Lane.BULK, metadata=None, total=0, now=clock.now(), webhook=webhook,
            receiving_until=clock.now() + timedelta(minutes=5), upload_token=TOKEN,
        )  # fmt: skip
    add(database, clock, job_id, [NewText("好")])
    with database.writing() as session:
        assert receiving.discard_upload(session, job_id, TOKEN, clock.now())

    limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 100, 10_000)
    with database.writing() as session:
        claimed = claims.claim_texts(session, limits, clock.now())

    assert (len(claimed.texts), claimed.delivery_ids) == (1, ())
