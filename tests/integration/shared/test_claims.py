"""Claims, fences and leases on both databases."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.database import Database
from shared.queries import claims, jobs, stopping
from shared.queries.claims import ClaimedText, Failure, Success
from shared.queries.turns import ClaimLimits
from shared.states import ErrorCode, JobState, Lane, TextState
from shared.tenants import Tenant
from tests.at_once import do_at_once
from tests.factories import get_job, list_texts, submit
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def limits(clock: FakeClock, *, model: str = "m", max_texts: int = 100, max_chars: int = 10_000) -> ClaimLimits:
    return ClaimLimits(model, uuid4(), clock.now() + timedelta(seconds=15), max_texts, max_chars)


def claim(database: Database, clock: FakeClock, given: ClaimLimits) -> list[ClaimedText]:
    with database.writing() as session:
        return claims.claim_texts(session, given, clock.now()).texts


def succeed(text: ClaimedText) -> Success:
    return Success(text, "positive", 0.9, {"negative": 0.1, "positive": 0.9}, 3, 1, "m@0123456789ab")


def settle(database: Database, clock: FakeClock, token: UUID, claimed: list[ClaimedText]) -> list[UUID]:
    with database.writing() as session:
        finished = claims.settle_texts(session, token, [succeed(text) for text in claimed], clock.now())
    return list(finished.job_ids)


def take_back(database: Database, clock: FakeClock) -> claims.TakenBack:
    with database.writing() as session:
        return claims.take_back_expired(session, clock.now(), max_attempts=3, limit=100)


def test_interactive_texts_are_claimed_before_older_bulk_texts(database: Database, clock: FakeClock) -> None:
    submit(database, ["旧的"], clock.now())
    submit(database, ["新的"], clock.now(), lane=Lane.INTERACTIVE)

    first = claim(database, clock, limits(clock))
    second = claim(database, clock, limits(clock))

    assert [text.text for text in first] == ["新的"]
    assert [text.text for text in second] == ["旧的"]


def test_one_claim_takes_neighbours_from_other_jobs_oldest_first(database: Database, clock: FakeClock) -> None:
    submit(database, ["一", "二"], clock.now())
    submit(database, ["三"], clock.now())

    claimed = claim(database, clock, limits(clock))

    assert [text.text for text in claimed] == ["一", "二", "三"]


def test_a_claim_stays_within_its_texts_and_characters(database: Database, clock: FakeClock) -> None:
    submit(database, ["一二三", "四五六", "七八九"], clock.now())

    by_chars = claim(database, clock, limits(clock, max_chars=6))
    by_texts = claim(database, clock, limits(clock, max_texts=1))

    assert (len(by_chars), len(by_texts)) == (2, 1)


def test_the_last_texts_in_line_are_shared_among_the_processes(database: Database, clock: FakeClock) -> None:
    submit(database, [f"第{number}条" for number in range(60)], clock.now())
    shared_limits = replace(limits(clock), sharers=2)

    sizes = []
    while claimed := claim(database, clock, replace(shared_limits, token=uuid4())):
        sizes.append(len(claimed))

    assert sizes == [30, 15, 8, 7]


def test_a_text_longer_than_the_limit_is_claimed_alone(database: Database, clock: FakeClock) -> None:
    submit(database, ["长" * 50, "短"], clock.now())

    claimed = claim(database, clock, limits(clock, max_chars=10))

    assert [len(text.text) for text in claimed] == [50]


def test_a_worker_claims_only_texts_for_its_model(database: Database, clock: FakeClock) -> None:
    submit(database, ["给甲"], clock.now(), model="a")
    submit(database, ["给乙"], clock.now(), model="b")

    claimed = claim(database, clock, limits(clock, model="b"))

    assert [text.text for text in claimed] == ["给乙"]


def test_a_claim_brings_each_texts_own_threshold(database: Database, clock: FakeClock) -> None:
    submit(database, ["一"], clock.now(), neutral_threshold=0.75)
    submit(database, ["二"], clock.now())

    claimed = claim(database, clock, limits(clock))

    assert [(text.text, text.neutral_threshold) for text in claimed] == [("一", 0.75), ("二", None)]


def test_a_claimed_text_is_not_claimed_twice(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一", "二"], clock.now())
    claim(database, clock, limits(clock))

    again = claim(database, clock, limits(clock))

    assert again == []
    job = get_job(database, job_id)
    assert (job.state, job.queued_count, job.running_count) == (JobState.RUNNING, 0, 2)


def test_many_workers_at_once_claim_each_text_once(database: Database, clock: FakeClock) -> None:
    submit(database, [f"第{number}条" for number in range(60)], clock.now())
    found: list[int] = []

    def work() -> None:
        while claimed := claim(database, clock, limits(clock, max_texts=4)):
            found.extend(text.id for text in claimed)

    do_at_once(4, work)

    assert len(found) == len(set(found)) == 60


def test_settling_the_last_text_finishes_the_job_once(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一", "二"], clock.now())
    given = limits(clock)
    claimed = claim(database, clock, given)

    early = settle(database, clock, given.token, claimed[:1])
    late = settle(database, clock, given.token, claimed[1:])
    doubled = settle(database, clock, given.token, claimed)

    assert (early, late, doubled) == ([], [job_id], [])
    job = get_job(database, job_id)
    assert (job.state, job.succeeded_count, job.finished_at) == (JobState.COMPLETED, 2, clock.now())


def test_a_prediction_is_stored_in_columns_that_sql_can_query(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["很好"], clock.now())
    given = limits(clock)

    settle(database, clock, given.token, claim(database, clock, given))

    (row,) = list_texts(database, job_id)
    assert (row.state, row.label, row.score) == (TextState.SUCCEEDED, "positive", 0.9)
    assert row.scores == {"negative": 0.1, "positive": 0.9}
    assert (row.token_count, row.window_count, row.model_version) == (3, 1, "m@0123456789ab")
    assert (row.claim_token, row.lease_expires_at) == (None, None)


def test_a_failed_text_keeps_its_reason_and_the_job_completes(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["坏"], clock.now())
    given = limits(clock)
    (text,) = claim(database, clock, given)

    with database.writing() as session:
        claims.settle_texts(session, given.token, [Failure(text, ErrorCode.SCORING_FAILED, "理由")], clock.now())

    (row,) = list_texts(database, job_id)
    assert (row.state, row.error_code, row.error_detail) == (TextState.FAILED, "scoring_failed", "理由")
    assert get_job(database, job_id).state == JobState.COMPLETED


def test_a_worker_frozen_past_its_lease_writes_nothing(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一"], clock.now())
    frozen, fresh = limits(clock), limits(clock)
    claimed_by_frozen = claim(database, clock, frozen)
    clock.move(20)
    take_back(database, clock)
    claimed_by_fresh = claim(database, clock, fresh)

    dropped = settle(database, clock, frozen.token, claimed_by_frozen)
    stored = settle(database, clock, fresh.token, claimed_by_fresh)

    assert (dropped, stored) == ([], [job_id])
    assert get_job(database, job_id).succeeded_count == 1


def test_a_renewed_lease_is_not_taken_back(database: Database, clock: FakeClock) -> None:
    submit(database, ["一"], clock.now())
    given = limits(clock)
    ids = [text.id for text in claim(database, clock, given)]
    clock.move(10)
    with database.writing() as session:
        held = claims.renew_lease(session, given.token, ids, clock.now() + timedelta(seconds=15))
    clock.move(10)

    taken = take_back(database, clock)

    assert (held, taken.texts) == (1, 0)


def test_a_text_tried_before_is_claimed_alone(database: Database, clock: FakeClock) -> None:
    submit(database, ["一", "二", "三"], clock.now())
    claim(database, clock, limits(clock, max_texts=2))
    clock.move(20)
    take_back(database, clock)

    sizes = [len(claim(database, clock, limits(clock))) for _ in range(3)]

    assert sizes == [1, 1, 1]


def test_a_text_that_outlives_no_worker_fails_after_three_attempts(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["毒"], clock.now())

    for _ in range(3):
        assert len(claim(database, clock, limits(clock))) == 1
        clock.move(20)
        taken = take_back(database, clock)

    (row,) = list_texts(database, job_id)
    assert (row.state, row.error_code, row.attempts) == (TextState.FAILED, "attempts_exhausted", 3)
    assert list(taken.finished.job_ids) == [job_id]
    assert claim(database, clock, limits(clock)) == []


def test_cancelling_stops_only_what_nobody_has_claimed(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一", "二", "三"], clock.now())
    given = limits(clock, max_texts=1)
    running = claim(database, clock, given)

    with database.writing() as session:
        jobs.lock_job(session, Tenant.LOCAL, job_id)
        count = stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now()).texts
    finished = settle(database, clock, given.token, running)

    job = get_job(database, job_id)
    assert count == 2
    assert (job.state, job.succeeded_count, job.cancelled_count) == (JobState.CANCELLED, 1, 2)
    assert finished == [job_id]
    assert claim(database, clock, limits(clock)) == []


def test_a_lost_text_of_a_cancelled_job_is_cancelled_too(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["一"], clock.now())
    claim(database, clock, limits(clock))
    with database.writing() as session:
        stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now())
    clock.move(20)

    taken = take_back(database, clock)

    assert list(taken.finished.job_ids) == [job_id]
    assert list_texts(database, job_id)[0].state == TextState.CANCELLED
