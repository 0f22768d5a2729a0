"""What time ends: jobs at their deadline, uploads that broke off, old results and keys. One part of the sweeper.

Everything is done in transactions of a thousand rows at most, so that nobody waits long for a lock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from shared.clock import Clock
from shared.database import Database
from shared.queries import idempotency, receiving, retention, stopping
from shared.queries.jobs import Finished
from shared.queue import TaskQueue
from shared.settings import Settings

log = structlog.get_logger(__name__)

BATCH_JOBS = 100
BATCH_ROWS = 1_000
# Then the sweeper's other duties have their turn: a lease that has run out is more urgent than old data.
BATCHES_A_ROUND = 20


@dataclass(frozen=True, slots=True)
class Expiry:
    """Ends what is over; any number may run at once, since every change is guarded."""

    settings: Settings
    database: Database
    queue: TaskQueue
    clock: Clock
    batch_rows: int = BATCH_ROWS

    def stop_overdue(self) -> None:
        """Expire the jobs whose deadline has passed, and cancel a bounded part of what waits in stopped jobs."""
        now = self.clock.now()
        for _ in range(BATCHES_A_ROUND):
            if self._stop_some(now) == 0:
                break

    def _stop_some(self, now: datetime) -> int:
        with self.database.reading() as session:  # most often there are none, and a look locks nothing
            overdue = stopping.list_overdue(session, now, BATCH_JOBS)
        if not overdue:
            return 0
        with self.database.writing() as session:
            stopped = stopping.stop_overdue(session, overdue, now, self.batch_rows)
        log.info("jobs_stopped", jobs=stopped.jobs, texts=stopped.texts)
        self.queue.announce_finished(stopped.finished)
        return stopped.texts

    def remove_abandoned(self) -> None:
        """Let uploads vanish that nobody goes on with, and delete a bounded part of what they have left."""
        now, deleted = self.clock.now(), 0
        with self.database.reading() as session:  # most often there are none, and a look locks nothing
            if not receiving.has_due(session, now):
                return
        with self.database.writing() as session:
            abandoned = receiving.discard_abandoned(session, now, BATCH_JOBS)
        for _ in range(BATCHES_A_ROUND):
            with self.database.writing() as session:
                touched = receiving.delete_discarded(session, now, self.batch_rows)
            deleted += touched
            if touched == 0:
                break
        log.info("uploads_removed", abandoned=len(abandoned), rows=deleted)
        self.queue.announce_finished(Finished(tuple(abandoned)))

    def purge(self) -> None:
        """Delete texts and results whose time is over, and forget old idempotency keys, a bounded part of each."""
        now, purged = self.clock.now(), 0
        for _ in range(BATCHES_A_ROUND):
            touched = self._purge_some(now)
            purged += touched
            if touched == 0:
                break
        if purged:
            log.info("results_purged", rows=purged)
        with self.database.writing() as session:
            idempotency.delete_expired(session, now, self.batch_rows)

    def _purge_some(self, now: datetime) -> int:
        seconds = self.settings.retention_seconds
        with self.database.writing() as session:
            if seconds:
                retention.expire_results(session, now - timedelta(seconds=seconds), now, self.batch_rows)
            return retention.purge_texts(session, now, self.batch_rows)
