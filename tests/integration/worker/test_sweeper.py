"""The periodic repair, round by round."""

from datetime import timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from shared.database import Database
from shared.queries import claims, delivery_claims
from shared.queries.turns import ClaimLimits
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from tests.factories import finish_job, get_job, submit
from tests.fakes import FakeClock
from tests.servers import find_free_port
from worker.sweeper import Sweeper


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sweeper(settings: Settings, database: Database, clock: FakeClock) -> Sweeper:
    return Sweeper(settings, database, CeleryTaskQueue(settings), clock)


def count_failed_deliveries() -> float:
    return REGISTRY.get_sample_value("sentiq_delivery_attempts_total", {"outcome": "failed"}) or 0.0


def test_texts_that_wait_beyond_the_grace_period_are_nudged_once(sweeper: Sweeper, clock: FakeClock) -> None:
    submit(sweeper.database, ["好"] * 70, clock.now())
    sweeper.sweep()
    early = sweeper.queue.count_tickets("m")

    clock.move(3)
    sweeper.sweep()
    sweeper.sweep()

    assert (early, sweeper.queue.count_tickets("m")) == (0, 2)


def test_texts_of_a_dead_worker_go_back_to_the_queue_and_a_ticket_tells_of_them_at_once(
    sweeper: Sweeper, clock: FakeClock
) -> None:
    job_id = submit(sweeper.database, ["好"], clock.now())
    limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 10, 100)
    with sweeper.database.writing() as session:
        claims.claim_texts(session, limits, clock.now())

    clock.move(16)
    sweeper.sweep()

    job = get_job(sweeper.database, job_id)
    assert (job.queued_count, job.running_count) == (1, 0)
    assert sweeper.queue.count_tickets("m") == 1


def test_a_webhook_whose_last_courier_died_is_given_up_and_counted_as_failed(
    settings: Settings, database: Database, clock: FakeClock
) -> None:
    impatient = settings.model_copy(update={"webhook_retry_seconds": ()})
    sweeper = Sweeper(impatient, database, CeleryTaskQueue(impatient), clock)
    delivery_id = finish_job(database, clock.now())
    with database.writing() as session:
        lease = clock.now() + timedelta(seconds=30)
        delivery_claims.claim_delivery(session, delivery_id, token=uuid4(), lease_expires_at=lease, now=clock.now())
    before = count_failed_deliveries()
    clock.move(31)

    sweeper.sweep()
    sweeper.sweep()

    assert count_failed_deliveries() - before == 1


def test_a_round_without_a_broker_still_takes_leases_back(
    settings: Settings, database: Database, clock: FakeClock
) -> None:
    away = settings.model_copy(update={"broker_url": f"redis://127.0.0.1:{find_free_port()}/0"})
    sweeper = Sweeper(away, database, CeleryTaskQueue(away), clock)
    job_id = submit(database, ["好"], clock.now())
    with database.writing() as session:
        limits = ClaimLimits("m", uuid4(), clock.now() + timedelta(seconds=15), 10, 100)
        claims.claim_texts(session, limits, clock.now())
    clock.move(16)

    sweeper.sweep()

    assert get_job(database, job_id).queued_count == 1
