"""Ends a courier that has stopped working: deliveries are due, yet it gets on with none.

After a broker restart Celery can stay alive and consume nothing. The supervisor starts the courier again.
"""

from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shared.queries import deliveries
from worker.delivering import Courier
from worker.watchdog import end_when_stalled


class CourierWatchdog:
    """A daemon thread in the courier's process."""

    def __init__(self, courier: Courier) -> None:
        """Give the courier as long as it may take when every thread of it waits for a slow receiver."""
        self._courier = courier
        settings = courier.settings
        self._patience = timedelta(seconds=settings.watchdog_seconds + settings.webhook_timeout_seconds)
        self._started_at = courier.clock.now()

    def start(self) -> None:
        """Watch in the background for as long as the process lives."""
        end_when_stalled(self.is_stalled, self._patience.total_seconds())

    def is_stalled(self) -> bool:
        """Return whether deliveries were due while this courier got on with none; False while nobody can tell."""
        now = self._courier.clock.now()
        latest = max(self._courier.progress_at, self._started_at)
        if now - latest <= self._patience:
            return False
        try:
            with self._courier.database.reading() as session:
                oldest = deliveries.find_oldest_due(session, now)
        except SQLAlchemyError:
            return False
        return oldest is not None and now - oldest > self._patience
