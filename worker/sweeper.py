"""`python -m worker.sweeper`: the periodic repair. Takes back what the dead held, nudges what waits, ends what is over.

A plain loop and not a Celery task: what repairs the queue must not depend on it.
"""

import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.errors import SentiqError
from shared.logging import configure_logging
from shared.queries import claims, deliveries, delivery_claims, workers
from shared.queries.backlog import Backlog, list_backlogs
from shared.queue import CeleryTaskQueue
from shared.settings import Settings, load_settings
from shared.states import DeliveryState
from worker.expiry import Expiry
from worker.measurements import DELIVERY_ATTEMPTS, REPAIRS, SWEEPS
from worker.status_server import serve_status

log = structlog.get_logger(__name__)

BATCH_ROWS = 1_000
NUDGED_DELIVERIES = 500  # in one round; each that finds no free place has cost its message
NUDGES_PER_RECEIVER = 8  # a courier that is at the receiver calls for the rest
FORGET_WORKERS_AFTER = timedelta(minutes=1)
PATIENCE_SECONDS = 120.0  # every wait of a round is bounded, by the database's and the broker's own time-outs
FORGET_TESTS_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Repairs what faults have left behind; any number may run at once, since every change is guarded."""

    settings: Settings
    database: Database
    queue: CeleryTaskQueue
    clock: Clock

    def sweep(self) -> None:
        """Do one round; a database or broker that is away is logged and tried again in the next."""
        try:
            while self._take_back() == BATCH_ROWS:
                continue
            self._take_back_deliveries()
            # Before the nudges, since those end the round when the broker is away.
            expiry = Expiry(self.settings, self.database, self.queue, self.clock)
            expiry.stop_overdue()
            expiry.remove_abandoned()
            expiry.purge()
            self._nudge_waiting()
            self._nudge_deliveries()
            with self.database.writing() as session:
                workers.delete_silent(session, seen_before=self.clock.now() - FORGET_WORKERS_AFTER)
                deliveries.delete_old_tests(session, self.clock.now() - FORGET_TESTS_AFTER, BATCH_ROWS)
        except (SQLAlchemyError, redis.RedisError) as err:
            log.warning("sweep_failed", error=type(err).__name__)
            SWEEPS.labels("failed").inc()
        else:
            SWEEPS.labels("done").inc()

    def _take_back(self) -> int:
        with self.database.writing() as session:
            taken = claims.take_back_expired(session, self.clock.now(), self.settings.max_attempts, BATCH_ROWS)
        if taken.texts:
            log.warning("leases_expired", texts=taken.texts)
            REPAIRS.labels("leases_expired").inc(taken.texts)
        self.queue.announce_finished(taken.finished)
        for model, texts in taken.queued.items():
            self.queue.nudge(model, texts)
        return taken.texts

    def _nudge_waiting(self) -> None:
        with self.database.reading() as session:
            backlogs = list_backlogs(session)
        for backlog in self._select_neglected(backlogs):
            self.queue.nudge(backlog.model, backlog.queued_texts)
            log.info("nudged_again", model=backlog.model, texts=backlog.queued_texts)
            REPAIRS.labels("texts_nudged").inc(backlog.queued_texts)

    def _select_neglected(self, backlogs: Sequence[Backlog]) -> list[Backlog]:
        """Return the backlogs that have waited beyond the grace period while no ticket is on its way."""
        latest = self.clock.now() - timedelta(seconds=self.settings.nudge_grace_seconds)
        return [
            backlog
            for backlog in backlogs
            if backlog.oldest_queued_at is not None
            and backlog.oldest_queued_at < latest
            and self.queue.count_tickets(backlog.model) == 0
        ]

    def _take_back_deliveries(self) -> None:
        now, attempts = self.clock.now(), self.settings.webhook_attempts
        with self.database.writing() as session:
            taken = delivery_claims.take_back_expired(session, now, attempts, BATCH_ROWS)
        if taken:
            given_up = taken.count(DeliveryState.FAILED)
            log.warning("delivery_leases_expired", deliveries=len(taken), given_up=given_up)
            REPAIRS.labels("delivery_leases_expired").inc(len(taken))
            DELIVERY_ATTEMPTS.labels(DeliveryState.FAILED).inc(given_up)

    def _nudge_deliveries(self) -> None:
        """Nudge for what is due, such as a retry whose time has come, while too few messages are on their way."""
        due_before = self.clock.now() - timedelta(seconds=self.settings.nudge_grace_seconds)
        with self.database.reading() as session:
            due = deliveries.list_due(session, due_before, limit=NUDGED_DELIVERIES, per_receiver=NUDGES_PER_RECEIVER)
        if due and self.queue.count_delivery_messages() < len(due):
            self.queue.nudge_deliveries(due)
            log.info("deliveries_nudged", deliveries=len(due))
            REPAIRS.labels("deliveries_nudged").inc(len(due))


class Rhythm:
    """Knows when the last round ended, so that a sweeper which hangs is seen and started again."""

    def __init__(self) -> None:
        self.beat()

    def beat(self) -> None:
        """Note that a round has ended."""
        self._last_at = time.monotonic()

    def is_kept(self) -> bool:
        """Return whether the last round ended lately enough."""
        return time.monotonic() - self._last_at < PATIENCE_SECONDS


def main() -> int:
    """Sweep every second until SIGTERM or SIGINT."""
    try:
        settings = load_settings()
        sweeper = Sweeper(settings, Database(settings.resolved_database_url), CeleryTaskQueue(settings), SystemClock())
        rhythm = Rhythm()
        serve_status(settings, rhythm.is_kept)
    except SentiqError as err:
        sys.stderr.write(f"{err.detail}\n")
        return 1
    configure_logging(settings, "sweeper")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    log.info("sweeper_started")
    while not stopped.wait(settings.sweep_interval_seconds):
        sweeper.sweep()
        rhythm.beat()
    return 0


if __name__ == "__main__":
    sys.exit(main())
