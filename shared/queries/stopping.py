"""Queries that stop a job before its end: because its caller cancels it, or because its deadline has passed.

Texts that a worker holds are finished; those that it is just claiming may stay queued for a moment, and are cancelled
by the next round of the sweeper. No claim takes them meanwhile.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from shared.models import Job
from shared.queries import texts
from shared.queries.jobs import CountChange, Finished, apply_changes, finish_jobs
from shared.states import STOPPED, JobState
from shared.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Stopped:
    """How many jobs and texts were stopped, and which of the jobs that finished."""

    jobs: int = 0
    texts: int = 0
    finished: Finished = field(default_factory=Finished)


def stop_jobs(
    session: Session, job_ids: Collection[UUID], state: JobState, now: datetime, max_texts: int | None = None
) -> Stopped:
    """Give jobs that the caller has locked this state, unless stopped before, and cancel their waiting texts, or some.

    What has not arrived yet of an upload is not waited for: who sends it learns with the next rows that it is over.
    What is left waiting is no more claimed than what is cancelled, and `list_overdue` finds its jobs again.
    """
    session.execute(
        update(Job)
        .where(Job.id.in_(job_ids), Job.state.not_in(STOPPED))
        .values(state=state, receiving_until=None)
        .execution_options(synchronize_session=False)
    )
    cancelled = texts.cancel_queued(session, job_ids, now, max_texts)
    changes = {job_id: CountChange(queued=-count, cancelled=count) for job_id, count in cancelled.items()}
    moved = apply_changes(session, changes, now)
    # Nothing waits in an upload whose every row so far has its outcome: then only what stops it can finish it.
    rest = finish_jobs(session, job_ids, now)
    finished = Finished(moved.job_ids + rest.job_ids, moved.delivery_ids + rest.delivery_ids)
    return Stopped(len(job_ids), cancelled.total(), finished)


def list_overdue(session: Session, now: datetime, limit: int) -> Sequence[UUID]:
    """Return up to `limit` jobs whose deadline has passed, or that were stopped while texts were being claimed."""
    # In the order of the index of unfinished jobs; by id it would be all jobs that there are.
    return session.scalars(_select_overdue(now).order_by(Job.model, Job.id).limit(limit)).all()


def stop_overdue(session: Session, job_ids: Sequence[UUID], now: datetime, max_texts: int) -> Stopped:
    """Expire those of these jobs that are still overdue, and cancel up to `max_texts` that wait in them."""
    # Locked in the order of their ids, as everywhere, and waited for: a busy job is always locked by somebody.
    overdue = _select_overdue(now).where(Job.id.in_(job_ids)).order_by(Job.id)
    locked = session.scalars(overdue.with_for_update()).all()
    return stop_jobs(session, locked, JobState.EXPIRED, now, max_texts) if locked else Stopped()


def _select_overdue(now: datetime) -> Select[UUID]:
    is_late = and_(Job.deadline_at <= now, Job.state.not_in(STOPPED))
    was_stopped = and_(Job.state.in_(STOPPED), Job.queued_count > 0)
    # Of an upload that was given up nobody must be told an end: it is being deleted.
    is_somebodys = Job.tenant_id != Tenant.NOBODY
    return select(Job.id).where(Job.finished_at.is_(None), is_somebodys, or_(is_late, was_stopped))
