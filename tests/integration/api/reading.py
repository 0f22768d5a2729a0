"""Short ways for tests to look behind the API."""

from uuid import UUID

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from shared.database import Database
from shared.models import Job, TextRow
from shared.queue import CeleryTaskQueue
from shared.settings import Settings


def find_job_id(answer: TestResponse) -> UUID:
    """Return the id of the job in an answer."""
    body = answer.get_json()
    return UUID(body.get("id") or body["job"])


def count_jobs(database: Database) -> int:
    """Return how many jobs are stored."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def count_texts(database: Database) -> int:
    """Return how many texts are stored."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(TextRow)) or 0


def count_tickets(settings: Settings) -> int:
    """Return how many tickets wait for the default model."""
    return CeleryTaskQueue(settings).count_tickets(settings.model_name)
