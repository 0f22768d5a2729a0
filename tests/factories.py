"""Short ways to the rows that tests need."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from shared.database import Database
from shared.models import Job, TextRow
from shared.queries import jobs, texts
from shared.queries.texts import NewText
from shared.states import Lane


def submit(
    database: Database, contents: Sequence[str], now: datetime, *, model: str = "m", lane: Lane = Lane.BULK
) -> UUID:
    """Store one job with these texts and return its id."""
    with database.writing() as session:
        job_id = jobs.insert_job(session, model=model, lane=lane, metadata=None, total=len(contents), now=now)
        texts.insert_texts(session, job_id, [NewText(text) for text in contents], model=model, lane=lane, now=now)
    return job_id


def get_job(database: Database, job_id: UUID) -> Job:
    """Return the job as it is now."""
    with database.reading() as session:
        return jobs.get_job(session, job_id)


def list_texts(database: Database, job_id: UUID) -> Sequence[TextRow]:
    """Return a job's texts in input order."""
    with database.reading() as session:
        return session.scalars(select(TextRow).where(TextRow.job_id == job_id).order_by(TextRow.position)).all()
