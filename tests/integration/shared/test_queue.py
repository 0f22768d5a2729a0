"""Nudges on a real broker, and on one that is not there."""

import json
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from shared.queries.jobs import Finished
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from shared.task_names import FINISHED_CHANNEL
from tests.servers import Broker, find_free_port


@pytest.fixture
def queue(broker_url: str) -> CeleryTaskQueue:
    return CeleryTaskQueue(Settings(broker_url=broker_url))


@pytest.mark.parametrize(("texts", "tickets"), [(1, 1), (64, 1), (65, 2), (1_000_000, 32)])
def test_tickets_go_by_micro_batches_and_not_by_texts(queue: CeleryTaskQueue, texts: int, tickets: int) -> None:
    queue.nudge("m", texts)

    assert queue.count_tickets("m") == tickets


def test_a_ticket_carries_the_model_and_nothing_else(queue: CeleryTaskQueue, broker: Broker) -> None:
    queue.nudge("m", 1)

    with broker.client() as client:
        (message,) = client.lrange("score.m", 0, -1)
    assert json.loads(message)["headers"]["argsrepr"] == "['m']"


def test_finished_jobs_are_published(queue: CeleryTaskQueue, broker: Broker) -> None:
    job_id = uuid4()
    with broker.client() as client, client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(FINISHED_CHANNEL)
        listener.get_message(timeout=1)

        queue.announce_finished(Finished((job_id,)))

        message = listener.get_message(timeout=2)
    assert message is not None
    assert message["data"] == str(job_id).encode()


def test_finished_jobs_nudge_the_couriers_with_an_id_and_nothing_else(queue: CeleryTaskQueue, broker: Broker) -> None:
    delivery_id = uuid4()

    queue.announce_finished(Finished((uuid4(),), (delivery_id,)))

    with broker.client() as client:
        (message,) = client.lrange("deliveries", 0, -1)
    assert queue.count_delivery_messages() == 1
    assert json.loads(message)["headers"]["argsrepr"] == f"['{delivery_id}']"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Yield the port of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_dead_broker_costs_a_nudge_little_and_raises_nothing() -> None:
    queue = CeleryTaskQueue(Settings(broker_url=f"redis://127.0.0.1:{find_free_port()}/0"))
    started = time.monotonic()

    queue.nudge("m", 1_000)
    queue.announce_finished(Finished((uuid4(),), (uuid4(),)))

    assert time.monotonic() - started < 1
    with pytest.raises(redis.RedisError):
        queue.ping()


def test_a_silent_broker_costs_a_nudge_little_and_raises_nothing(silent_port: int) -> None:
    queue = CeleryTaskQueue(Settings(broker_url=f"redis://127.0.0.1:{silent_port}/0"))
    started = time.monotonic()

    queue.nudge("m", 1_000)

    assert time.monotonic() - started < 1
