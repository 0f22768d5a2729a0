"""Messages put on the queues by hand run nothing and block nothing: texts are scored and events delivered after."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.clock import SystemClock
from shared.queue import CeleryTaskQueue
from shared.task_names import DELIVERIES_QUEUE, score_queue
from tests.factories import finish_job, get_delivery
from tests.hostile.messages import make_broken_messages, make_code_messages, make_raw_messages
from tests.hostile.target import SETTINGS
from tests.receivers import Receiver
from tests.service import Service, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def service(service: Service) -> Service:
    """A service with a worker, a sweeper and a courier that may deliver to loopback."""
    service.options = {"webhook_secret": SETTINGS["webhook_secret"], "webhook_allow_private": True}
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    service.start("courier", "worker.courier")
    wait_until(lambda: " ready." in service.read_log("courier"), 30, "the courier being ready")
    return service


def put_on_every_queue(service: Service, messages: Mapping[str, bytes]) -> None:
    """Push each message to the worker's queue and to the courier's, oldest first, as kombu does."""
    with service.broker.client() as client:
        for message in messages.values():
            for queue in (score_queue(service.settings.model_name), DELIVERIES_QUEUE):
                client.lpush(queue, message)


def check_that_it_still_works(service: Service) -> None:
    """Fail unless texts are scored and an event is delivered, and the queues are empty then."""
    with Receiver() as receiver:
        job_id = service.submit(["质量很好", "再也不买了"])
        service.nudge(2)
        delivery_id = finish_job(service.database, SystemClock().now(), url=receiver.url)
        CeleryTaskQueue(service.settings).nudge_deliveries([delivery_id])

        service.wait_for_state(job_id, "completed")
        wait_until(lambda: get_delivery(service.database, delivery_id).state == "delivered", 60, "the delivery")

    assert service.count_by_state(job_id) == {"succeeded": 2}
    queue = CeleryTaskQueue(service.settings)
    wait_until(
        lambda: queue.count_tickets(service.settings.model_name) + queue.count_delivery_messages() == 0,
        30,
        "both queues being empty",
    )


def test_no_message_runs_code(service: Service, tmp_path: Path) -> None:
    marker = tmp_path / "marker"

    put_on_every_queue(service, make_code_messages(marker))

    check_that_it_still_works(service)
    assert not marker.exists()


def test_what_makes_no_sense_is_dropped(service: Service) -> None:
    put_on_every_queue(service, make_broken_messages() | make_raw_messages())

    check_that_it_still_works(service)
