"""`python -m worker`: a Celery worker of one model, with as many children as the settings say."""

import logging
import sys
from typing import Any

import structlog
from celery import Celery, signals

from shared.clock import SystemClock
from shared.database import Database
from shared.errors import SentiqError
from shared.logging import configure_logging
from shared.settings import Settings, load_settings
from shared.task_names import score_queue
from worker import process
from worker.celery_app import create_worker_app
from worker.classifiers.loading import check_model, load_classifier
from worker.process import LoadClassifier
from worker.status_server import serve_status
from worker.stop_flag import StopFlag
from worker.tasks import register_tasks
from worker.watchdog import Watchdog

log = structlog.get_logger(__name__)


def main(load: LoadClassifier = load_classifier) -> int:
    """Run until SIGTERM; a setting or model that cannot work is one line on stderr and exit code 1."""
    try:
        settings = load_settings()
        check_model(settings)
        app = build_app(settings, load)
        serve_status(settings)
    except SentiqError as err:
        sys.stderr.write(f"{err.detail}\n")
        return 1
    configure_logging(settings, "worker")  # Celery has something to say before it asks for its logs to be set up
    app.worker_main(
        [
            "--quiet",  # no banner: every line is a log line
            "worker",
            "--pool=prefork",
            f"--concurrency={settings.workers}",
            f"--queues={score_queue(settings.model_name)}",
            "--without-gossip",
            "--without-mingle",
        ]
    )
    return 0


def build_app(settings: Settings, load: LoadClassifier) -> Celery:
    """Return the worker's Celery app with its tasks and its processes' lives wired."""
    app = create_worker_app(settings)
    register_tasks(app)
    stop_flag = StopFlag()

    def set_up_logging(**_: Any) -> None:
        configure_logging(settings, "worker")
        # Two lines for every ticket would say nothing that the jobs' own lines do not, and take time to write.
        for name in ("celery.worker.strategy", "celery.app.trace"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def watch(**_: Any) -> None:
        Watchdog(settings, Database(settings.resolved_database_url), SystemClock()).start()

    def start_child(**_: Any) -> None:
        process.start_child(load, stop_flag.is_set)

    def stop_child(**_: Any) -> None:
        process.stop_child()

    def ask_children_to_stop(**_: Any) -> None:
        stop_flag.set()

    # Celery holds receivers weakly by default, and these live only here.
    signals.setup_logging.connect(set_up_logging, weak=False)
    signals.worker_ready.connect(watch, weak=False)
    signals.worker_shutting_down.connect(ask_children_to_stop, weak=False)
    signals.worker_process_init.connect(start_child, weak=False)
    signals.worker_process_shutdown.connect(stop_child, weak=False)
    return app


if __name__ == "__main__":
    sys.exit(main())
