"""SIGTERM to each process under load: it ends by itself, gives back what it holds, and burns no attempt."""

import signal
import time
from base64 import b64encode

import httpx
import pytest

from shared.clock import SystemClock
from shared.queue import CeleryTaskQueue
from shared.states import DeliveryState
from tests.factories import finish_job, get_delivery, list_attempts, list_texts
from tests.faults.test_api_faults import GUNICORN, start_api
from tests.faults.test_courier_faults import start_courier
from tests.faults.test_worker_faults import MANY, is_under_way
from tests.receivers import Receiver
from tests.service import Service, wait_until

pytestmark = pytest.mark.faults

# Enough for each of them here; compose gives the courier, whose deliveries may take longer, 75 (docs/operations.md).
GRACE_SECONDS = 30


@pytest.fixture
def service(service: Service) -> Service:
    service.options = {
        "webhook_secret": "whsec_" + b64encode(b"s" * 32).decode(),
        "webhook_allow_private": True,
        "nudge_grace_seconds": 0.5,
        "lease_seconds": 60.0,  # so that nothing comes back by a lease that runs out
        "claim_batches": 400,  # claims of many seconds
    }
    return service


def terminate(service: Service, name: str) -> int:
    """Send SIGTERM and return the exit code."""
    service.processes[name].send_signal(signal.SIGTERM)
    return service.processes[name].wait(GRACE_SECONDS)


def start_sweeper(service: Service) -> None:
    """Start a sweeper and wait until it takes signals: before that, one ends it as it would any process."""
    known = service.read_log("sweeper").count("sweeper_started") if "sweeper" in service.processes else 0
    service.start("sweeper", "worker.sweeper")
    wait_until(lambda: service.read_log("sweeper").count("sweeper_started") > known, 30, "the sweeper's start")


def test_a_worker_in_the_middle_of_a_long_claim_gives_the_rest_of_it_back(service: Service) -> None:
    service.start_worker("tests.faults.slow_worker")
    job_id = service.submit(MANY[:500])
    service.nudge(500)
    wait_until(lambda: is_under_way(service, job_id), 30, "the job being under way")

    exit_code = terminate(service, "worker")

    counts = service.count_by_state(job_id)
    assert exit_code == 0
    assert set(counts) == {"queued", "succeeded"}
    rows = list_texts(service.database, job_id)
    assert {(row.state, row.attempts) for row in rows} == {("queued", 0), ("succeeded", 1)}
    assert "texts_handed_back" in service.read_log("worker")


def test_rolling_restarts_of_the_worker_and_the_sweeper_burn_no_attempt(service: Service) -> None:
    service.start_worker("tests.faults.slow_worker")
    start_sweeper(service)
    job_id = service.submit(MANY[:160])
    service.nudge(160)
    for _ in range(2):
        wait_until(lambda: service.count_by_state(job_id).get("running", 0) > 0, 30, "the job being under way")
        exit_codes = [terminate(service, name) for name in ("worker", "sweeper")]
        assert exit_codes == [0, 0]
        start_sweeper(service)
        service.start_worker("tests.faults.slow_worker")

    service.wait_for_state(job_id, "completed")

    assert service.count_by_state(job_id) == {"succeeded": 160}
    assert {row.attempts for row in list_texts(service.database, job_id)} == {1}


def test_a_courier_finishes_what_is_on_its_way_and_begins_nothing_more(service: Service) -> None:
    service.options |= {"courier_threads": 2}
    start_courier(service)
    with Receiver() as receiver:
        receiver.before_answer = lambda: time.sleep(1)
        ids = [finish_job(service.database, SystemClock().now(), url=receiver.url) for _ in range(8)]
        CeleryTaskQueue(service.settings).nudge_deliveries(ids)
        wait_until(lambda: len(receiver.requests) == 2, 20, "the first two events")

        exit_code = terminate(service, "courier")

    assert exit_code == 0
    states = [get_delivery(service.database, one).state for one in ids]
    attempts = [len(list_attempts(service.database, one)) for one in ids]
    assert sorted(states) == [DeliveryState.DELIVERED] * 2 + [DeliveryState.PENDING] * 6
    assert sorted(attempts) == [0] * 6 + [1] * 2
    assert all(get_delivery(service.database, one).claim_token is None for one in ids)


def test_an_api_answers_what_it_has_begun_and_then_ends(service: Service) -> None:
    with start_api(service, *GUNICORN) as client:
        job_id = client.post("/v1/jobs", json={"texts": ["好"]}).json()["id"]
        address = f"{client.base_url}/v1/jobs/{job_id}"

        with httpx.stream("GET", address, headers={"Prefer": "wait=0"}, timeout=20) as answer:
            exit_code = terminate(service, "api")
            answer.read()

    assert (answer.status_code, answer.json()["id"]) == (200, job_id)
    assert exit_code == 0
