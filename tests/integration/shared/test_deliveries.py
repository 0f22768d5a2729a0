"""Events stored with the change they tell of, and the claims, fences and leases of their deliveries."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from shared.database import Database
from shared.events import EVENT_COLUMNS, build_payload, find_event
from shared.models import Delivery, Endpoint, Job
from shared.queries import claims, deliveries, delivery_claims, endpoints, jobs, outbox, stopping
from shared.queries.claims import Success
from shared.queries.delivery_claims import Answer, ClaimedDelivery
from shared.queries.jobs import CountChange, Finished
from shared.queries.turns import ClaimLimits
from shared.states import DeliveryState, DisabledReason, EventType, JobState
from tests.at_once import do_at_once
from tests.factories import finish_job, get_delivery, insert_endpoint, list_attempts, submit
from tests.fakes import FakeClock

URL = "https://hooks.example.com/sentiq"
WEBHOOK = {"url": URL, "events": ["job.completed", "job.cancelled"]}
LEASE = timedelta(seconds=30)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def list_rows(database: Database) -> Sequence[Delivery]:
    with database.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def score(database: Database, clock: FakeClock, count: int = 10) -> Finished:
    limits = ClaimLimits("m", uuid4(), clock.now() + LEASE, count, 1_000)
    with database.writing() as session:
        claimed = claims.claim_texts(session, limits, clock.now()).texts
    outcomes = [Success(text, "positive", 0.9, {"positive": 0.9}, 3, 1, "m@1") for text in claimed]
    with database.writing() as session:
        return claims.settle_texts(session, limits.token, outcomes, clock.now())


def cancel(database: Database, job_id: UUID, clock: FakeClock) -> Finished:
    with database.writing() as session:
        return stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now()).finished


def claim(database: Database, delivery_id: UUID, clock: FakeClock) -> ClaimedDelivery | None:
    with database.writing() as session:
        return delivery_claims.claim_delivery(
            session, delivery_id, token=uuid4(), lease_expires_at=clock.now() + LEASE, now=clock.now()
        )


def claim_now(database: Database, delivery_id: UUID, clock: FakeClock) -> ClaimedDelivery:
    claimed = claim(database, delivery_id, clock)
    assert claimed is not None
    return claimed


def settle(
    database: Database, claimed: ClaimedDelivery, answer: Answer, clock: FakeClock, *, retry_in: float | None = None
) -> DeliveryState | None:
    following = None if retry_in is None else clock.now() + timedelta(seconds=retry_in)
    with database.writing() as session:
        return delivery_claims.settle_attempt(
            session, claimed, answer, duration_ms=12, next_attempt_at=following, now=clock.now()
        )


def take_back(database: Database, clock: FakeClock, max_attempts: int = 10) -> Sequence[DeliveryState]:
    with database.writing() as session:
        return delivery_claims.take_back_expired(session, clock.now(), max_attempts, limit=100)


def test_a_job_that_completes_leaves_one_delivery_that_is_due(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["很好", "不好"], clock.now(), webhook=WEBHOOK)
    clock.move(5)

    first = score(database, clock, count=1)
    second = score(database, clock, count=1)

    (row,) = list_rows(database)
    assert (first.delivery_ids, second.delivery_ids) == ((), (row.id,))
    assert (row.job_id, row.url, row.event, row.state) == (job_id, URL, "job.completed", "pending")
    assert (row.attempt_count, row.next_attempt_at, row.finished_at) == (0, clock.now(), None)


def test_the_payload_is_thin_and_holds_no_text(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["很好"], clock.now(), webhook=WEBHOOK)

    score(database, clock)

    (row,) = list_rows(database)
    assert row.payload == {
        "type": "job.completed",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {
            "id": str(job_id),
            "state": "completed",
            "model": "m",
            "request_id": None,
            "counts": {"total": 1, "succeeded": 1, "failed": 0, "cancelled": 0},
            "created_at": "2026-01-02T03:04:05Z",
            "started_at": "2026-01-02T03:04:05Z",
            "finished_at": "2026-01-02T03:04:05Z",
            "links": {"self": f"/v1/jobs/{job_id}", "results": f"/v1/jobs/{job_id}/results"},
        },
    }
    assert list(row.payload) == ["type", "timestamp", "data"]  # the order that is signed


def test_a_job_that_is_cancelled_says_so(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["好"] * 3, clock.now(), webhook=WEBHOOK)

    finished = cancel(database, job_id, clock)

    (row,) = list_rows(database)
    assert (finished.job_ids, finished.delivery_ids) == ((job_id,), (row.id,))
    assert (row.event, row.payload["data"]["started_at"]) == ("job.cancelled", None)
    assert row.payload["data"]["counts"] == {"total": 3, "succeeded": 0, "failed": 0, "cancelled": 3}


def test_a_cancelled_job_whose_worker_died_tells_when_the_sweeper_ends_it(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["好"], clock.now(), webhook=WEBHOOK)
    with database.writing() as session:
        claims.claim_texts(session, ClaimLimits("m", uuid4(), clock.now() + LEASE, 1, 10), clock.now())
    early = cancel(database, job_id, clock)
    clock.move(31)

    with database.writing() as session:
        taken = claims.take_back_expired(session, clock.now(), max_attempts=3, limit=10)

    assert early == Finished()
    assert [row.id for row in list_rows(database)] == list(taken.finished.delivery_ids)
    assert len(taken.finished.delivery_ids) == 1


@pytest.mark.parametrize("webhook", [None, {"url": URL, "events": ["job.cancelled"]}])
def test_what_nobody_asked_for_is_not_stored(
    database: Database, clock: FakeClock, webhook: dict[str, Any] | None
) -> None:
    submit(database, ["好"], clock.now(), webhook=webhook)

    finished = score(database, clock)

    assert len(finished.job_ids) == 1
    assert list_rows(database) == []


def test_a_job_that_begins_says_so_once(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["好"] * 3, clock.now(), webhook=WEBHOOK | {"events": ["job.running"]})
    clock.move(5)

    limits = [ClaimLimits("m", uuid4(), clock.now() + LEASE, 1, 1_000) for _ in range(2)]
    with database.writing() as session:
        first, second = [claims.claim_texts(session, one, clock.now()) for one in limits]

    (row,) = list_rows(database)
    assert (first.delivery_ids, second.delivery_ids) == ((row.id,), ())
    assert (row.event, row.payload["data"]["state"]) == ("job.running", "running")
    assert row.payload["data"]["id"] == str(job_id)
    assert row.payload["data"]["started_at"] == "2026-01-02T03:04:10Z"


def test_a_job_that_expires_says_so(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["好"] * 2, clock.now(), webhook=WEBHOOK | {"events": ["job.expired"]})

    with database.writing() as session:
        session.execute(update(Job).where(Job.id == job_id).values(state=JobState.EXPIRED))
        finished = jobs.apply_changes(session, {job_id: CountChange(queued=-2, cancelled=2)}, clock.now())

    (row,) = list_rows(database)
    assert (finished.job_ids, finished.delivery_ids) == ((job_id,), (row.id,))
    assert (row.event, row.payload["data"]["state"]) == ("job.expired", "expired")


def test_every_enabled_endpoint_of_the_tenant_is_told_and_nobody_elses(database: Database, clock: FakeClock) -> None:
    wanting = [insert_endpoint(database, clock.now(), url=f"https://{name}.example.com/") for name in "ab"]
    insert_endpoint(database, clock.now(), events=[EventType.JOB_EXPIRED])
    insert_endpoint(database, clock.now(), tenant_id=7)
    disabled = insert_endpoint(database, clock.now())
    with database.writing() as session:
        endpoints.disable_endpoint(session, disabled, DisabledReason.BY_OWNER, clock.now())
    submit(database, ["好"], clock.now())
    others = submit(database, ["好"], clock.now(), tenant_id=8)

    finished = score(database, clock)

    told = [row for row in list_rows(database) if row.event == "job.completed"]
    assert [row.endpoint_id for row in told] == wanting
    assert [row.url for row in told] == ["https://a.example.com/", "https://b.example.com/"]
    assert [row.receiver for row in told] == ["0 a.example.com", "0 b.example.com"]
    assert {row.tenant_id for row in told} == {0}
    assert others in finished.job_ids
    assert others not in {row.job_id for row in told}


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.COMPLETED, JobState.CANCELLED, JobState.EXPIRED])
def test_no_payload_comes_near_20_kb(database: Database, clock: FakeClock, state: JobState) -> None:
    job_id = submit(database, ["好" * 10_000], clock.now(), model="m" * 100, webhook=WEBHOOK)
    with database.writing() as session:
        huge = {
            "queued_count": 0,
            "succeeded_count": 2**31 - 1,
            "total_count": 2**31 - 1,
            "details": {"a": "好" * 9_999},
        }
        session.execute(update(Job).where(Job.id == job_id).values(**huge, state=state, request_id="r" * 128))
        row: Any = session.execute(select(*EVENT_COLUMNS).where(Job.id == job_id)).one()

    event = find_event(row.state)
    assert event is not None
    assert len(json.dumps(build_payload(event, row, clock.now()), ensure_ascii=False)) < 2_000


def test_an_event_is_stored_with_its_change_or_not_at_all(database: Database, clock: FakeClock) -> None:
    job_id = submit(database, ["好"], clock.now(), webhook=WEBHOOK)

    def finish_then_fail() -> None:
        with database.writing() as session:
            jobs.apply_changes(session, {job_id: CountChange(queued=-1, succeeded=1)}, clock.now())
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        finish_then_fail()

    assert list_rows(database) == []


def test_a_delivery_is_claimed_once(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())

    claimed = do_at_once(4, lambda: claim(database, delivery_id, clock))

    assert [one.attempt for one in claimed if one is not None] == [1]
    assert len(list_attempts(database, delivery_id)) == 1


def test_a_delivery_is_not_claimed_before_its_time(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())
    settle(database, claim_now(database, delivery_id, clock), Answer(500), clock, retry_in=5)

    clock.move(4.9)
    early = claim(database, delivery_id, clock)
    clock.move(0.2)
    late = claim_now(database, delivery_id, clock)

    assert early is None
    assert late.attempt == 2


def test_a_2xx_settles_the_delivery_and_its_attempt(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())

    state = settle(database, claim_now(database, delivery_id, clock), Answer(204, None, "谢谢"), clock, retry_in=5)

    row = get_delivery(database, delivery_id)
    (attempt,) = list_attempts(database, delivery_id)
    assert (state, row.state) == (DeliveryState.DELIVERED, "delivered")
    assert (row.finished_at, row.next_attempt_at, row.claim_token) == (clock.now(), None, None)
    assert (attempt.number, attempt.status_code, attempt.duration_ms, attempt.error, attempt.answer) == (
        1, 204, 12, None, "谢谢",
    )  # fmt: skip
    assert claim(database, delivery_id, clock) is None


@pytest.mark.parametrize("answer", [Answer(500), Answer(302), Answer(199), Answer(error="No answer.")])
def test_all_else_is_tried_again_and_in_the_end_given_up(database: Database, clock: FakeClock, answer: Answer) -> None:
    delivery_id = finish_job(database, clock.now())

    first = settle(database, claim_now(database, delivery_id, clock), answer, clock, retry_in=0)
    last = settle(database, claim_now(database, delivery_id, clock), answer, clock, retry_in=None)

    row = get_delivery(database, delivery_id)
    assert (first, last) == (DeliveryState.PENDING, DeliveryState.FAILED)
    assert (row.state, row.attempt_count, row.next_attempt_at, row.finished_at) == ("failed", 2, None, clock.now())


def test_a_courier_frozen_past_its_lease_writes_nothing(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())
    frozen = claim_now(database, delivery_id, clock)
    clock.move(31)
    take_back(database, clock)
    other = claim_now(database, delivery_id, clock)

    state = settle(database, frozen, Answer(500), clock, retry_in=None)

    assert state is None
    assert get_delivery(database, delivery_id).claim_token == other.token
    assert [attempt.status_code for attempt in list_attempts(database, delivery_id)] == [None, None]


def test_what_a_dead_courier_held_is_due_again_and_its_attempt_says_so(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())
    claim_now(database, delivery_id, clock)
    clock.move(29)
    early = take_back(database, clock)
    clock.move(2)

    late = take_back(database, clock)

    row = get_delivery(database, delivery_id)
    (attempt,) = list_attempts(database, delivery_id)
    assert (early, late) == ([], [DeliveryState.PENDING])
    assert (row.state, row.next_attempt_at, row.attempt_count, row.lease_expires_at) == (
        "pending",
        clock.now(),
        1,
        None,
    )
    assert attempt.error == delivery_claims.INTERRUPTED


def test_a_delivery_that_always_kills_its_courier_is_given_up(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())

    states: list[DeliveryState] = []
    for _ in range(3):
        claim_now(database, delivery_id, clock)
        clock.move(31)
        states += take_back(database, clock, max_attempts=3)

    assert states == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.FAILED]
    row = get_delivery(database, delivery_id)
    assert (row.state, row.attempt_count, row.next_attempt_at, row.finished_at) == ("failed", 3, None, clock.now())
    assert [attempt.error for attempt in list_attempts(database, delivery_id)] == [delivery_claims.INTERRUPTED] * 3


def test_what_is_due_is_listed_oldest_first_and_nothing_else(database: Database, clock: FakeClock) -> None:
    settled, held, retried, first = [finish_job(database, clock.now()) for _ in range(4)]
    clock.move(1)
    second = finish_job(database, clock.now())
    settle(database, claim_now(database, settled, clock), Answer(200), clock)
    claim_now(database, held, clock)
    settle(database, claim_now(database, retried, clock), Answer(500), clock, retry_in=60)
    clock.move(1)

    with database.reading() as session:
        due = deliveries.list_due(session, clock.now(), limit=10, per_receiver=10)
        oldest = deliveries.find_oldest_due(session, clock.now())

    assert due == [first, second]
    assert oldest == clock.now() - timedelta(seconds=2)


def test_a_long_line_at_one_receiver_hides_nobody_elses_delivery(database: Database, clock: FakeClock) -> None:
    flood = [finish_job(database, clock.now(), url="https://slow.example.com/") for _ in range(5)]
    clock.move(1)
    other = finish_job(database, clock.now(), url="https://other.example.com/")

    with database.reading() as session:
        due = deliveries.list_due(session, clock.now(), limit=10, per_receiver=2)
        next_ones = deliveries.list_due_at(session, "0 slow.example.com", clock.now(), limit=3)

    assert due == [flood[0], other, flood[1]]
    assert next_ones == flood[:3]


def test_what_failed_for_an_endpoint_since_a_moment_is_due_again_and_nothing_else(
    database: Database, clock: FakeClock
) -> None:
    mine = insert_endpoint(database, clock.now())
    ids = [finish_job(database, clock.now(), url=None) for _ in range(4)]
    settle(database, claim_now(database, ids[0], clock), Answer(500), clock)
    clock.move(60)
    since = clock.now()
    settle(database, claim_now(database, ids[1], clock), Answer(500), clock)
    settle(database, claim_now(database, ids[2], clock), Answer(200), clock)

    with database.writing() as session:
        found = deliveries.list_failed(session, mine, since, limit=10)
        deliveries.send_again(session, found, clock.now())

    rows = [get_delivery(database, one) for one in ids]
    assert found == [ids[1]]
    assert [row.state for row in rows] == ["failed", "pending", "delivered", "pending"]
    assert (rows[1].next_attempt_at, rows[1].finished_at, rows[1].earlier_attempts) == (clock.now(), None, 1)
    assert claim_now(database, ids[1], clock).tries == 1


def test_what_a_courier_is_just_at_is_not_sent_twice_at_the_same_time(database: Database, clock: FakeClock) -> None:
    delivery_id = finish_job(database, clock.now())
    claimed = claim_now(database, delivery_id, clock)

    with database.writing() as session:
        deliveries.send_again(session, [delivery_id], clock.now())

    assert claim(database, delivery_id, clock) is None
    assert settle(database, claimed, Answer(200), clock) == DeliveryState.DELIVERED


def test_test_events_are_forgotten_once_they_are_old_and_settled(database: Database, clock: FakeClock) -> None:
    insert_endpoint(database, clock.now())
    with database.writing() as session:
        endpoint = session.scalars(select(Endpoint)).one()
        settled, waiting = [outbox.insert_test_delivery(session, endpoint, clock.now()).id for _ in range(2)]
    settle(database, claim_now(database, settled, clock), Answer(200), clock)
    of_a_job = finish_job(database, clock.now(), url=None)
    settle(database, claim_now(database, of_a_job, clock), Answer(200), clock)

    with database.writing() as session:
        deliveries.delete_old_tests(session, clock.now(), limit=10)
    early = len(list_rows(database))
    with database.writing() as session:
        deliveries.delete_old_tests(session, clock.now() + timedelta(seconds=1), limit=10)

    assert early == 3
    assert [row.id for row in list_rows(database)] == [waiting, of_a_job]
    assert list_attempts(database, of_a_job) != []


def test_a_job_lists_its_own_deliveries_in_pages(database: Database, clock: FakeClock) -> None:
    mine = get_delivery(database, finish_job(database, clock.now()))
    assert mine.job_id is not None
    finish_job(database, clock.now())

    with database.reading() as session:
        page = deliveries.list_deliveries(session, mine.job_id, limit=10)
        rest = deliveries.list_deliveries(session, mine.job_id, limit=10, after=mine.id)

    assert ([row.id for row in page], list(rest)) == ([mine.id], [])
    assert page[0].event == EventType.JOB_COMPLETED
