"""Webhooks from real processes to a real receiver: signed, tried again, and delivered whatever dies."""

import signal
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from shared.clock import SystemClock
from shared.models import DeliveryAttempt
from shared.queries import deliveries
from shared.queries.delivery_claims import INTERRUPTED
from shared.queue import CeleryTaskQueue
from tests.factories import ENCRYPTION_KEY, finish_job, get_delivery, list_attempts
from tests.faults.test_api_faults import GUNICORN, start_api
from tests.receivers import RawReceiver, Receiver
from tests.service import Service, wait_until
from worker.watchdog import STALLED_EXIT_CODE

pytestmark = pytest.mark.faults

SECRET = "whsec_" + b64encode(b"s" * 32).decode()


@pytest.fixture
def service(service: Service) -> Service:
    service.options = {
        "webhook_secret": SECRET,
        "webhook_allow_private": True,
        "webhook_timeout_seconds": 2.0,
        "webhook_retry_seconds": "0.2,0.2,0.2",
        "nudge_grace_seconds": 0.5,
    }
    return service


def start_courier(service: Service) -> None:
    known = count_starts(service) if "courier" in service.processes else 0
    service.start("courier", "worker.courier")
    wait_until(lambda: count_starts(service) > known, 30, "the courier being ready")


def count_starts(service: Service) -> int:
    return service.read_log("courier").count(" ready.")


def finish_one(service: Service, url: str) -> UUID:
    """Finish a job with a webhook and nudge the couriers, as a worker does."""
    delivery_id = finish_job(service.database, SystemClock().now(), url=url)
    CeleryTaskQueue(service.settings).nudge_deliveries([delivery_id])
    return delivery_id


def wait_for_delivery(service: Service, delivery_id: UUID, state: str = "delivered", seconds: float = 20) -> None:
    wait_until(
        lambda: get_delivery(service.database, delivery_id).state == state, seconds, f"the delivery being {state}"
    )


def test_a_job_scored_by_real_processes_tells_its_receiver(service: Service) -> None:
    service.start_worker()
    start_courier(service)
    with Receiver() as receiver, start_api(service, *GUNICORN) as client:
        body = {"texts": ["质量很好，下次再来"], "webhook": {"url": receiver.url}}
        job = client.post("/v1/jobs", json=body).json()
        wait_until(lambda: bool(receiver.requests), 30, "the event")

        (request,) = receiver.requests
        event = Webhook(SECRET).verify(request.body, request.headers)
        assert (event["type"], event["data"]["id"]) == ("job.completed", job["id"])
        assert event["data"]["counts"] == {"total": 1, "succeeded": 1, "failed": 0, "cancelled": 0}
        assert client.get(event["data"]["links"]["results"]).json()["data"][0]["label"] == "positive"
        wait_for_delivery(service, UUID(request.headers["webhook-id"]))
        (delivery,) = client.get(f"/v1/jobs/{job['id']}/deliveries").json()["data"]
        assert (delivery["state"], [one["status"] for one in delivery["attempts"]]) == ("delivered", [200])
        assert "质量" not in service.read_log("courier")


def test_an_endpoint_made_over_http_hears_of_a_job_that_real_processes_score(service: Service) -> None:
    del service.options["webhook_secret"]  # an endpoint has its own
    service.options["webhook_encryption_keys"] = ENCRYPTION_KEY
    service.start_worker()
    start_courier(service)
    with Receiver() as receiver, start_api(service, *GUNICORN) as client:
        asked = {"url": receiver.url, "events": ["job.running", "job.completed"]}
        made = client.post("/v1/webhooks", json=asked).json()
        client.post(f"/v1/webhooks/{made['id']}/test")
        wait_until(lambda: len(receiver.requests) == 1, 30, "the test event")
        rotated = client.post(f"/v1/webhooks/{made['id']}/rotate-secret").json()
        client.post("/v1/jobs", json={"texts": ["质量很好，下次再来"]})
        wait_until(lambda: len(receiver.requests) == 3, 30, "both events")

        test, *events = [Webhook(made["secret"]).verify(one.body, one.headers) for one in receiver.requests]
        assert test["type"] == "webhook.test"
        assert {event["type"] for event in events} == {"job.running", "job.completed"}
        for request in receiver.requests[1:]:
            Webhook(rotated["secret"]).verify(request.body, request.headers)
        assert made["secret"] not in service.read_log("courier")


def test_an_error_is_followed_by_a_second_attempt_and_that_is_all(service: Service) -> None:
    start_courier(service)
    service.start("sweeper", "worker.sweeper")
    with Receiver([500, 200]) as receiver:
        delivery_id = finish_one(service, receiver.url)

        wait_for_delivery(service, delivery_id)
        time.sleep(2)  # time for a third attempt, were there one

        assert [one.status_code for one in list_attempts(service.database, delivery_id)] == [500, 200]
        ids = [request.headers["webhook-id"] for request in receiver.requests]
        assert ids == [str(delivery_id)] * 2


def test_a_courier_killed_between_post_and_store_delivers_at_least_once(service: Service) -> None:
    start_courier(service)
    service.start("sweeper", "worker.sweeper")
    with Receiver() as receiver:
        receiver.before_answer = service.processes["courier"].kill
        delivery_id = finish_one(service, receiver.url)
        service.processes["courier"].wait(20)
        receiver.before_answer = lambda: None

        start_courier(service)

        wait_for_delivery(service, delivery_id, seconds=30)
        attempts = [(one.status_code, one.error) for one in list_attempts(service.database, delivery_id)]
        assert attempts == [(None, INTERRUPTED), (200, None)]
        assert {request.headers["webhook-id"] for request in receiver.requests} == {str(delivery_id)}


def test_a_broker_that_forgets_its_messages_costs_time_only(service: Service) -> None:
    with Receiver() as receiver:
        ids = [finish_one(service, receiver.url) for _ in range(20)]
        service.broker.kill()
        service.broker.start()

        start_courier(service)
        service.start("sweeper", "worker.sweeper")

        for delivery_id in ids:
            wait_for_delivery(service, delivery_id)
        assert sorted(request.headers["webhook-id"] for request in receiver.requests) == sorted(map(str, ids))


def hang(connection: socket.socket) -> None:
    while connection.recv(65_536):  # the body may come after the headers; then nothing until the caller hangs up
        continue


def test_receivers_that_hang_hold_up_nobody_else(service: Service) -> None:
    start_courier(service)
    with RawReceiver(hang) as silent, Receiver() as receiver:
        stuck = [finish_one(service, silent.url) for _ in range(2)]
        wait_until(lambda: silent.connections == 1, 10, "the slow receiver being called")

        delivery_id = finish_one(service, receiver.url)

        wait_for_delivery(service, delivery_id, seconds=1)
        wait_until(lambda: all(list_errors(service, one) for one in stuck), 10, "the slow ones being given up for now")
        assert list_errors(service, stuck[0]) == ["No complete answer came within 2 seconds."]


def hang_until(released: threading.Event) -> None:
    released.wait(40)


def test_a_long_line_at_a_receiver_that_hangs_holds_up_nobody_else(service: Service) -> None:
    service.options |= {"webhook_timeout_seconds": 40.0}
    released = threading.Event()
    start_courier(service)
    service.start("sweeper", "worker.sweeper")
    with RawReceiver(lambda _: hang_until(released)) as silent, Receiver() as receiver:
        stuck = [finish_one(service, silent.url) for _ in range(60)]
        wait_until(lambda: silent.connections == 1, 20, "the slow receiver being called")

        others = [finish_one(service, receiver.url) for _ in range(30)]

        for delivery_id in others:
            wait_for_delivery(service, delivery_id, seconds=30)
        # All of them have overtaken every one of the sixty, whatever time the machine took.
        attempts = list_all_attempts(service, stuck)
        assert [one.duration_ms for each in attempts.values() for one in each] == [None]
        assert silent.connections == 1
        released.set()
        wait_until(lambda: len(list_all_attempts(service, stuck)) == 60, 30, "the line moving on")


def test_long_lines_at_many_hosts_that_hang_do_not_hold_up_a_new_receiver(service: Service) -> None:
    service.options |= {"webhook_timeout_seconds": 40.0}
    released = threading.Event()
    start_courier(service)
    service.start("sweeper", "worker.sweeper")
    with ExitStack() as stack:
        hosts = [stack.enter_context(RawReceiver(lambda _: hang_until(released))) for _ in range(6)]
        receiver = stack.enter_context(Receiver())
        stuck = [finish_one(service, host.url) for host in hosts for _ in range(10)]
        wait_until(lambda: all(host.connections for host in hosts), 20, "each of them being called")

        others = [finish_one(service, receiver.url) for _ in range(10)]

        for delivery_id in others:
            wait_for_delivery(service, delivery_id, seconds=30)
        attempts = list_all_attempts(service, stuck)
        assert [one.duration_ms for each in attempts.values() for one in each] == [None] * 6
        released.set()


def list_all_attempts(service: Service, delivery_ids: Sequence[UUID]) -> dict[UUID, list[DeliveryAttempt]]:
    with service.database.reading() as session:
        return deliveries.list_attempts(session, delivery_ids)


def list_errors(service: Service, delivery_id: UUID) -> list[str]:
    return [one.error for one in list_attempts(service.database, delivery_id) if one.error]


def test_sigterm_lets_what_is_on_its_way_arrive(service: Service) -> None:
    start_courier(service)
    with Receiver() as receiver:
        receiver.before_answer = lambda: time.sleep(1)
        delivery_id = finish_one(service, receiver.url)
        wait_until(lambda: bool(receiver.requests), 10, "the event")

        service.processes["courier"].send_signal(signal.SIGTERM)

        assert service.processes["courier"].wait(10) == 0
        assert get_delivery(service.database, delivery_id).state == "delivered"


def test_a_courier_that_consumes_nothing_ends_itself(service: Service) -> None:
    start_courier(service)

    finish_job(service.database, SystemClock().now(), url="http://127.0.0.1:1/")

    assert service.processes["courier"].wait(30) == STALLED_EXIT_CODE
    assert "worker_stalled" in service.read_log("courier")
