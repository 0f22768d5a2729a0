"""The queue as the API and the sweeper see it: nudges that wake workers, and the word that a job has finished.

The rows are the truth; everything here may be lost, doubled or late without harm.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from shared.broker import create_redis, plan_transport
from shared.queries.jobs import Finished
from shared.settings import Settings
from shared.task_names import DELIVERIES_QUEUE, FINISHED_CHANNEL, TaskName, score_queue

log = structlog.get_logger(__name__)

TEXTS_PER_TICKET = 64
MAX_TICKETS = 32
BROKER_TIMEOUT_SECONDS = 0.5


class TaskQueue(Protocol):
    """Wakes workers and waiting callers."""

    def nudge(self, model: str, texts: int) -> None:
        """Tell workers of `model` that about `texts` texts are waiting; never raises."""
        ...

    def announce_finished(self, finished: Finished) -> None:
        """Wake whoever waits for these jobs, and the couriers for their events; never raises."""
        ...

    def nudge_deliveries(self, delivery_ids: Iterable[UUID]) -> None:
        """Tell the couriers that these deliveries are due; never raises."""
        ...


def create_producer(settings: Settings) -> Celery:
    """Return a Celery app that can only send, and gives a dead or silent broker up after 0.6 s at most."""
    app = Celery("sentiq", broker=settings.required_broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry=False,
        broker_connection_timeout=BROKER_TIMEOUT_SECONDS,
        broker_transport_options=plan_transport(
            settings,
            socket_timeout=BROKER_TIMEOUT_SECONDS,
            socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
            max_retries=1,
            interval_start=0,  # 2 s by default, spent in the middle of a caller's request
        ),
    )
    return app


class CeleryTaskQueue:
    """Sends messages with no more than a model's name or a delivery's id, and publishes the ids of finished jobs."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily to the broker."""
        self._app = create_producer(settings)
        self._redis = create_redis(
            settings, socket_timeout=BROKER_TIMEOUT_SECONDS, socket_connect_timeout=BROKER_TIMEOUT_SECONDS
        )

    def nudge(self, model: str, texts: int) -> None:
        """Send a ticket for every 64 texts, 32 at most: a worker goes on by itself while texts are waiting."""
        tickets = min(MAX_TICKETS, -(-texts // TEXTS_PER_TICKET))
        self._send(TaskName.SCORE, score_queue(model), [model] * tickets)

    def count_tickets(self, model: str) -> int:
        """Return how many tickets wait for a worker of `model`.

        Raises:
            redis.RedisError: the broker does not answer.
        """
        return int(self._redis.llen(score_queue(model)))

    def announce_finished(self, finished: Finished) -> None:
        """Publish the ids of finished jobs to every API process, then nudge the couriers."""
        try:
            for job_id in finished.job_ids:
                self._redis.publish(FINISHED_CHANNEL, str(job_id))
        except redis.RedisError as err:
            log.warning("announcement_failed", error=type(err).__name__)
        self.nudge_deliveries(finished.delivery_ids)

    def nudge_deliveries(self, delivery_ids: Iterable[UUID]) -> None:
        """Send a message for each delivery, with its id and nothing else."""
        self._send(TaskName.DELIVER, DELIVERIES_QUEUE, [str(delivery_id) for delivery_id in delivery_ids])

    def count_delivery_messages(self) -> int:
        """Return how many messages wait for a courier.

        Raises:
            redis.RedisError: the broker does not answer.
        """
        return int(self._redis.llen(DELIVERIES_QUEUE))

    def _send(self, task: TaskName, queue: str, arguments: Sequence[str]) -> None:
        """Send one message for each argument, all over one connection."""
        if not arguments:
            return
        try:
            with self._app.producer_or_acquire() as producer:
                for argument in arguments:
                    self._app.send_task(task, args=[argument], queue=queue, producer=producer)
        except (OperationalError, redis.RedisError, OSError) as err:
            # The sweeper sends the nudge again once the broker is back.
            log.warning("nudge_failed", queue=queue, error=type(err).__name__)

    def ping(self) -> None:
        """Raise `redis.RedisError` unless the broker answers."""
        self._redis.ping()
