"""Says in the database, every two seconds, that a worker child lives, how fast it is, and when it last got on."""

import os
import socket
import threading
from uuid import uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock
from shared.database import Database
from shared.queries import workers
from shared.settings import Settings
from worker.classifiers import Classifier
from worker.measurements import Pulse

log = structlog.get_logger(__name__)

ORPHANED_EXIT_CODE = 70


class Heartbeat:
    """A daemon thread that beats, and ends the process when its parent has died without a word."""

    def __init__(
        self, settings: Settings, database: Database, classifier: Classifier, pulse: Pulse, clock: Clock
    ) -> None:
        self._settings, self._database, self._classifier = settings, database, classifier
        self._pulse, self._clock = pulse, clock
        self._id = uuid4()
        self._started_at = clock.now()
        self._parent_pid = os.getppid()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Make the worker known, then beat in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating and take the worker off the list."""
        self._stopped.set()
        try:
            with self._database.writing() as session:
                workers.delete_worker(session, self._id)
        except SQLAlchemyError as err:
            # The sweeper forgets silent workers anyway.
            log.warning("worker_not_deregistered", error=type(err).__name__)

    def _run(self) -> None:
        while True:
            self._exit_if_orphaned()
            self._beat()
            if self._stopped.wait(self._settings.heartbeat_seconds):
                return

    def _exit_if_orphaned(self) -> None:
        # A killed parent leaves children that would go on claiming, unseen by any supervisor.
        if os.getppid() != self._parent_pid:
            log.error("worker_orphaned", parent_pid=self._parent_pid)
            os._exit(ORPHANED_EXIT_CODE)

    def _beat(self) -> None:
        try:
            with self._database.writing() as session:
                workers.upsert_served_model(session, self._describe_model())
                workers.upsert_worker(session, self._describe_worker())
        except SQLAlchemyError as err:
            log.warning("heartbeat_missed", error=type(err).__name__)

    def _describe_model(self) -> dict[str, object]:
        return {
            "name": self._settings.model_name,
            "revision": self._classifier.revision,
            "backend": self._settings.backend,
            "arithmetic": self._classifier.arithmetic,
            "labels": list(self._classifier.labels),
            "max_tokens": self._classifier.max_tokens,
            "neutral_threshold": self._classifier.neutral_threshold,
            "seen_at": self._clock.now(),
        }

    def _describe_worker(self) -> dict[str, object]:
        return {
            "id": self._id,
            "model": self._settings.model_name,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "parent_pid": self._parent_pid,
            "texts_per_second": self._pulse.texts_per_second,
            "batch_tokens": self._pulse.batch_tokens,
            "started_at": self._started_at,
            "seen_at": self._clock.now(),
            "progress_at": self._pulse.progress_at,
        }
