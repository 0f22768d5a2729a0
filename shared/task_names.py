"""The names that the API and the workers must agree on: tasks, queues and channels."""

from enum import StrEnum


class TaskName(StrEnum):
    """Names of Celery tasks."""

    SCORE = "sentiq.score"
    DELIVER = "sentiq.deliver"


DELIVERIES_QUEUE = "deliveries"
FINISHED_CHANNEL = "sentiq:finished-jobs"


def score_queue(model: str) -> str:
    """Return the queue that workers of one model consume."""
    return f"score.{model}"
