"""The tasks: policy in the decorator, one call in the body."""

import structlog
from celery import Celery

from shared.task_names import TaskName
from worker import process

log = structlog.get_logger(__name__)


def register_tasks(app: Celery) -> None:
    """Give the app its tasks."""

    @app.task(name=TaskName.SCORE)  # type: ignore[untyped-decorator]
    def score(model: str) -> None:
        """Score what waits for the model of this process; safe to run twice, or for nothing."""
        try:
            process.get_scorer(model).drain()
        except Exception as err:
            log.error("ticket_crashed", error=type(err).__name__, exc_info=err)
