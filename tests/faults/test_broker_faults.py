"""Brokers that die, and forget."""

import pytest

from tests.faults.test_worker_faults import MANY, is_under_way
from tests.service import Service, wait_until
from worker.watchdog import STALLED_EXIT_CODE

pytestmark = pytest.mark.faults


def test_a_broker_killed_and_flushed_while_jobs_wait_costs_time_only(service: Service) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    jobs = [service.submit(MANY[:400]) for _ in range(4)]
    service.nudge(1_600)
    wait_until(lambda: is_under_way(service, jobs[0]), 20, "the first job being under way")

    service.broker.kill()
    service.broker.start()

    for job_id in jobs:
        service.wait_for_state(job_id, "completed")
        assert service.count_by_state(job_id) == {"succeeded": 400}


def test_a_nudge_that_was_never_sent_is_sent_by_the_sweeper(service: Service) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")

    job_id = service.submit(MANY[:50])

    service.wait_for_state(job_id, "completed", seconds=15)
    assert "nudged_again" in service.read_log("sweeper")


def test_without_the_sweeper_a_lost_nudge_leaves_the_job_waiting(service: Service) -> None:
    """The test above can fail: it is the sweeper, and nothing else, that makes it pass."""
    service.start_worker()

    job_id = service.submit(MANY[:50])

    with pytest.raises(TimeoutError):
        service.wait_for_state(job_id, "completed", seconds=5)
    assert service.count_by_state(job_id) == {"queued": 50}


def test_a_worker_that_consumes_nothing_ends_itself(service: Service) -> None:
    service.start_worker()
    worker = service.processes["worker"]

    service.submit(MANY[:50])

    assert worker.wait(30) == STALLED_EXIT_CODE
    assert "worker_stalled" in service.read_log("worker")
