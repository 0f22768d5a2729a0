"""`python -m worker.courier`: a Celery worker that delivers webhooks from the database.

Its pool is of threads, since a delivery is nothing but waiting. Celery cannot end a thread that takes too long, so the
sender keeps to a deadline of its own.
"""

import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import Celery, signals

from shared.clock import SystemClock
from shared.database import Database
from shared.errors import SentiqError
from shared.logging import configure_logging
from shared.queue import CeleryTaskQueue
from shared.settings import Settings, load_settings
from shared.task_names import DELIVERIES_QUEUE, TaskName
from worker.celery_app import create_worker_app
from worker.courier_watchdog import CourierWatchdog
from worker.delivering import Courier
from worker.status_server import serve_status
from worker.webhook_sender import HTTPSender

MAX_POOL_SIZE = 8  # transactions are short beside the waiting for receivers


def main() -> int:
    """Run until SIGTERM; a setting that cannot work is one line on stderr and exit code 1."""
    try:
        settings = load_settings()
        app = create_worker_app(settings)
        serve_status(settings)
    except SentiqError as err:
        sys.stderr.write(f"{err.detail}\n")
        return 1
    configure_logging(settings, "courier")  # Celery has something to say before it asks for its logs to be set up
    courier = build_courier(settings)
    register_delivery(app, courier.deliver)
    connect_signals(settings, courier)
    app.worker_main(
        [
            "--quiet",  # no banner: every line is a log line
            "worker",
            "--pool=threads",
            f"--concurrency={settings.courier_threads}",
            f"--queues={DELIVERIES_QUEUE}",
            "--hostname=courier@%h",  # or it would have the name of the worker beside it
            "--without-gossip",
            "--without-mingle",
        ]
    )
    return 0


def build_courier(settings: Settings) -> Courier:
    """Return a courier on the settings' database that sends over the real network."""
    database = Database(settings.resolved_database_url, pool_size=min(settings.courier_threads, MAX_POOL_SIZE))
    sender = HTTPSender(settings.webhook_timeout_seconds, settings.webhook_allow_private)
    clock = SystemClock()
    return Courier(settings, database, CeleryTaskQueue(settings), sender, clock, progress_at=clock.now())


def register_delivery(app: Celery, deliver: Callable[[UUID], None]) -> None:
    """Give the app its one task."""

    @app.task(name=TaskName.DELIVER)  # type: ignore[untyped-decorator]
    def deliver_event(delivery_id: str) -> None:
        """Make one attempt at a stored delivery; safe to run twice, or for nothing."""
        deliver(UUID(delivery_id))


def connect_signals(settings: Settings, courier: Courier) -> None:
    """Let Celery's worker log as we do, and watch it once it runs."""

    def set_up_logging(**_: Any) -> None:
        configure_logging(settings, "courier")

    def watch(**_: Any) -> None:
        CourierWatchdog(courier).start()

    def stop(**_: Any) -> None:
        # Celery would still run every message that it has taken from the queue, each with its own time-out.
        courier.is_stopping = True

    # Celery holds receivers weakly by default, and these live only here.
    signals.setup_logging.connect(set_up_logging, weak=False)
    signals.worker_ready.connect(watch, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)


if __name__ == "__main__":
    sys.exit(main())
