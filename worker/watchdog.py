"""Ends a worker that has stopped working: texts wait, yet none of its children gets on.

After a broker restart Celery can stay alive and consume nothing. The supervisor starts the worker again.
"""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psutil
import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock
from shared.database import Database
from shared.models import WorkerRow
from shared.queries import backlog, workers
from shared.settings import Settings

log = structlog.get_logger(__name__)

STALLED_EXIT_CODE = 75
CHECK_SECONDS = 1.0
STARTING_FACTOR = 8  # children that are still loading their model get this many times longer


class Watchdog:
    """A daemon thread in the worker's parent process."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._patience = timedelta(seconds=settings.watchdog_seconds)
        self._started_at = self._changed_at = clock.now()
        self._alive: frozenset[int] = frozenset()

    def start(self) -> None:
        """Watch in the background for as long as the process lives."""
        end_when_stalled(self.is_stalled, self._settings.watchdog_seconds)

    def is_stalled(self) -> bool:
        """Return whether texts have waited while no child of this worker got on; False while nobody can tell."""
        now = self._clock.now()
        try:
            with self._database.reading() as session:
                oldest = backlog.find_oldest_queued(session, self._settings.model_name)
                children = workers.list_children(session, socket.gethostname(), os.getpid())
        except SQLAlchemyError:
            return False
        self._note_births_and_deaths(children, now)
        return oldest is not None and now - oldest > self._patience and self._is_still(now, children)

    def _note_births_and_deaths(self, children: Sequence[WorkerRow], now: datetime) -> None:
        # A child that dies takes what it did since its last beat with it, and Celery may need 5 s to see its death.
        alive = frozenset(child.pid for child in children if _is_running(child.pid))
        if alive != self._alive:
            self._alive, self._changed_at = alive, now

    def _is_still(self, now: datetime, children: Sequence[WorkerRow]) -> bool:
        if not children:
            return now - self._started_at > self._patience * STARTING_FACTOR
        # An idle worker's last progress may be old, so it is given its time from the start of the backlog too.
        return now - max(self._changed_at, *(child.progress_at for child in children)) > self._patience


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # dead, and its parent has not seen it yet
    except psutil.NoSuchProcess:
        return False


def end_when_stalled(is_stalled: Callable[[], bool], seconds: float) -> None:
    """Ask in the background, every second, and end the process at the first yes; `seconds` is for the log."""

    def watch() -> None:
        pause = threading.Event()
        while not pause.wait(CHECK_SECONDS):
            if is_stalled():
                log.error("worker_stalled", seconds=seconds)
                os._exit(STALLED_EXIT_CODE)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()
