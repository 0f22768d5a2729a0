"""Queries that delete: texts and results whose time is over, in small batches, and a whole job at its owner's word.

The rows of texts are locked before those of their jobs here too, so that nobody waits in a circle.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from shared.errors import JobNotFound
from shared.models import Job, TextRow
from shared.queries.jobs import get_job


def expire_results(session: Session, finished_before: datetime, now: datetime, limit: int) -> int:
    """Let the results of up to `limit` jobs that finished before then be read no more; return how many that were."""
    due = (
        select(Job.id)
        .where(
            Job.purged_at.is_(None),
            Job.finished_at <= finished_before,
            or_(Job.expires_at.is_(None), Job.expires_at > now),
        )
        .order_by(Job.finished_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    expired = session.execute(
        update(Job).where(Job.id.in_(due)).values(expires_at=now).execution_options(synchronize_session=False)
    )
    return int(expired.rowcount)  # type: ignore[attr-defined]


def purge_texts(session: Session, now: datetime, limit: int) -> int:
    """Delete up to `limit` texts of jobs whose results nobody reads any more, and mark the jobs that have none left.

    Returns how many rows were touched: 0 when nothing is left to do.
    """
    due = (
        select(Job.id)
        .where(Job.purged_at.is_(None), Job.expires_at.is_not(None), Job.expires_at <= now)
        .order_by(Job.expires_at)
        .limit(limit)
    )
    if not (job_ids := session.scalars(due).all()):
        return 0
    some = select(TextRow.id).where(TextRow.job_id.in_(job_ids)).limit(limit).with_for_update(skip_locked=True)
    deleted = session.execute(delete(TextRow).where(TextRow.id.in_(some)).execution_options(synchronize_session=False))
    # Looked at again, not counted: another sweeper, or the owner, may be deleting the same texts.
    marked = session.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.purged_at.is_(None), ~exists().where(TextRow.job_id == Job.id))
        .values(purged_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(deleted.rowcount + marked.rowcount)  # type: ignore[attr-defined]


def delete_job(session: Session, tenant_id: int, job_id: UUID) -> bool:
    """Delete a tenant's job with its texts, deliveries and keys; return whether it was unfinished.

    A worker that holds some of the texts finds nothing to store its results in, and drops them.

    Raises:
        JobNotFound: the tenant has none with this id.
    """
    get_job(session, tenant_id, job_id)
    # In the order in which workers lock them, and before the job, or a worker and this would wait for each other.
    session.execute(select(TextRow.id).where(TextRow.job_id == job_id).order_by(TextRow.id).with_for_update())
    session.execute(delete(TextRow).where(TextRow.job_id == job_id).execution_options(synchronize_session=False))
    # Returned by the statement that deletes: of two that come at once, one is told that there is no such job.
    gone = session.execute(
        delete(Job).where(Job.id == job_id).returning(Job.finished_at).execution_options(synchronize_session=False)
    ).one_or_none()
    if gone is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return gone.finished_at is None
