"""The queue as the API and the sweeper see it: nudges that wake workers, and the word that a job has finished.

The rows are the truth; everything here may be lost, doubled or late without harm.
"""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from shared.settings import Settings
from shared.task_names import FINISHED_CHANNEL, TaskName, score_queue

log = structlog.get_logger(__name__)

TEXTS_PER_TICKET = 64
MAX_TICKETS = 32
BROKER_TIMEOUT_SECONDS = 0.5


class TaskQueue(Protocol):
    """Wakes workers and waiting callers."""

    def nudge(self, model: str, texts: int) -> None:
        """Tell workers of `model` that about `texts` texts are waiting; never raises."""
        ...

    def announce_finished(self, job_ids: Iterable[UUID]) -> None:
        """Wake whoever waits for these jobs; never raises."""
        ...


def create_producer(broker_url: str) -> Celery:
    """Return a Celery app that can only send, and gives a dead or silent broker up after 0.6 s at most."""
    app = Celery("sentiq", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry=False,
        broker_connection_timeout=BROKER_TIMEOUT_SECONDS,
        broker_transport_options={
            "socket_timeout": BROKER_TIMEOUT_SECONDS,
            "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
            "max_retries": 1,
            "interval_start": 0,  # 2 s by default, spent in the middle of a caller's request
        },
    )
    return app


def create_redis(broker_url: str) -> redis.Redis:
    """Return a plain client of the broker's Redis, with short time-outs."""
    return redis.Redis.from_url(
        broker_url, socket_timeout=BROKER_TIMEOUT_SECONDS, socket_connect_timeout=BROKER_TIMEOUT_SECONDS
    )


class CeleryTaskQueue:
    """Sends Celery messages that carry no more than a model's name, and publishes the ids of finished jobs."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily to the broker."""
        self._app = create_producer(settings.required_broker_url)
        self._redis = create_redis(settings.required_broker_url)

    def nudge(self, model: str, texts: int) -> None:
        """Send a ticket for every 64 texts, 32 at most: a worker goes on by itself while texts are waiting."""
        tickets = min(MAX_TICKETS, -(-texts // TEXTS_PER_TICKET))
        try:
            with self._app.producer_or_acquire() as producer:
                for _ in range(tickets):
                    self._app.send_task(TaskName.SCORE, args=[model], queue=score_queue(model), producer=producer)
        except (OperationalError, redis.RedisError, OSError) as err:
            # The sweeper sends the nudge again once the broker is back.
            log.warning("nudge_failed", model=model, error=type(err).__name__)

    def count_tickets(self, model: str) -> int:
        """Return how many tickets wait for a worker of `model`.

        Raises:
            redis.RedisError: the broker does not answer.
        """
        return int(self._redis.llen(score_queue(model)))

    def announce_finished(self, job_ids: Iterable[UUID]) -> None:
        """Publish the ids of finished jobs to every API process."""
        try:
            for job_id in job_ids:
                self._redis.publish(FINISHED_CHANNEL, str(job_id))
        except redis.RedisError as err:
            log.warning("announcement_failed", error=type(err).__name__)

    def ping(self) -> None:
        """Raise `redis.RedisError` unless the broker answers."""
        self._redis.ping()
