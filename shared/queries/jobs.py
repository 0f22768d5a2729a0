"""Queries on jobs: insert, read, count and finish."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session
from uuid6 import uuid7

from shared.errors import JobNotFound
from shared.events import EVENT_COLUMNS
from shared.models import JOBS, Job
from shared.queries.outbox import insert_deliveries
from shared.states import STOPPED, JobState, Lane
from shared.tenants import Tenant


@dataclass(slots=True)
class CountChange:
    """How much one job's counts move in one transaction."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def settles(self) -> bool:
        """Whether any text gets its outcome, so that the job may be at its end."""
        return self.succeeded + self.failed + self.cancelled > 0


@dataclass(frozen=True, slots=True)
class Finished:
    """What has come to its end in one transaction, to be announced after its commit."""

    job_ids: tuple[UUID, ...] = ()
    delivery_ids: tuple[UUID, ...] = ()  # of the events that tell of it, and of jobs that have begun


def create_job_id() -> UUID:
    """Return a new job's id, which sorts by time; a caller that waits must know it before the job is stored."""
    return UUID(int=uuid7().int)


def insert_job(
    session: Session,
    *,
    model: str,
    lane: Lane,
    metadata: dict[str, Any] | None,
    total: int,
    now: datetime,
    job_id: UUID | None = None,
    webhook: dict[str, Any] | None = None,
    neutral_threshold: float | None = None,
    deadline_at: datetime | None = None,
    expires_after: int | None = None,
    tenant_id: int = Tenant.LOCAL,
    request_id: str | None = None,
    receiving_until: datetime | None = None,
    upload_token: UUID | None = None,
) -> UUID:
    """Insert a queued job of `total` texts and return its id; `receiving_until`: more will arrive, under the token."""
    job_id = job_id or create_job_id()
    row = {
        "id": job_id,
        "tenant_id": tenant_id,
        "model": model,
        "lane": lane,
        "neutral_threshold": neutral_threshold,
        "state": JobState.QUEUED,
        "metadata": metadata,
        "webhook": webhook,
        "request_id": request_id,
        "total_count": total,
        "queued_count": total,
        "created_at": now,
        "deadline_at": deadline_at,
        "expires_after": expires_after,
        "receiving_until": receiving_until,
        "upload_token": upload_token,
    }
    session.connection().execute(_INSERT, row)
    return job_id


_INSERT = insert(JOBS)


def get_job(session: Session, tenant_id: int, job_id: UUID) -> Job:
    """Return the tenant's job.

    Raises:
        JobNotFound: it has none with this id.
    """
    return _read_job(session, select(Job), tenant_id, job_id)


def _read_job(session: Session, query: Select[Job], tenant_id: int, job_id: UUID) -> Job:
    job: Job | None = session.scalars(query.where(Job.id == job_id, Job.tenant_id == tenant_id)).one_or_none()
    if job is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return job


def list_jobs(
    session: Session, tenant_id: int, *, limit: int, before: UUID | None, state: JobState | None = None
) -> Sequence[Job]:
    """Return up to `limit` of the tenant's jobs, newest first, older than the job `before`."""
    query = select(Job).where(Job.tenant_id == tenant_id).order_by(Job.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Job.id < before)
    if state is not None:
        query = query.where(Job.state == state)
    return session.scalars(query).all()


def lock_job(session: Session, tenant_id: int, job_id: UUID) -> Job:
    """Return the tenant's job, locked until the transaction ends; lock no text after it without `skip_locked`.

    Raises:
        JobNotFound: it has none with this id.
    """
    return _read_job(session, select(Job).with_for_update(), tenant_id, job_id)


def apply_changes(session: Session, changes: Mapping[UUID, CountChange], now: datetime) -> Finished:
    """Move the counts and states of several jobs; return those that have just finished, and what is due for them.

    Jobs are updated in the order of their ids, so that two transactions can never wait for each other.
    """
    if not changes:
        return Finished()
    rows = [
        {
            "job": job_id,
            "now": now,
            "d_queued": change.queued,
            "d_running": change.running,
            "d_succeeded": change.succeeded,
            "d_failed": change.failed,
            "d_cancelled": change.cancelled,
        }
        for job_id, change in sorted(changes.items())
    ]
    session.connection().execute(_MOVE_COUNTS, rows)
    # A claim settles nothing, and each statement it is spared shortens the way of an interactive text.
    claimed = [job_id for job_id, change in changes.items() if change.running > 0]
    settled = [job_id for job_id, change in changes.items() if change.settles]
    begun = _begin(session, claimed, now) if claimed else []
    finished = finish_jobs(session, settled, now) if settled else Finished()
    return Finished(finished.job_ids, (*begun, *finished.delivery_ids))


_STARTS = bindparam("d_running", type_=Integer) > 0
_MOVE_COUNTS = (
    update(JOBS)
    .where(JOBS.c.id == bindparam("job"))
    .values(
        started_at=case(
            (_STARTS, func.coalesce(JOBS.c.started_at, bindparam("now", type_=JOBS.c.started_at.type))),
            else_=JOBS.c.started_at,
        ),
        queued_count=JOBS.c.queued_count + bindparam("d_queued"),
        running_count=JOBS.c.running_count + bindparam("d_running"),
        succeeded_count=JOBS.c.succeeded_count + bindparam("d_succeeded"),
        failed_count=JOBS.c.failed_count + bindparam("d_failed"),
        cancelled_count=JOBS.c.cancelled_count + bindparam("d_cancelled"),
    )
)


def _begin(session: Session, job_ids: Iterable[UUID], now: datetime) -> list[UUID]:
    """Move those of the jobs to running that are still queued; return the deliveries of the events that tell of it."""
    begun = session.connection().execute(_BEGIN, {"ids": sorted(job_ids)}).all()
    return insert_deliveries(session, begun, now) if begun else []


_BEGIN = (
    update(JOBS)
    .where(JOBS.c.id.in_(bindparam("ids", expanding=True)), JOBS.c.state == JobState.QUEUED)
    .values(state=JobState.RUNNING)
    .returning(*EVENT_COLUMNS)
)


def finish_jobs(session: Session, job_ids: Iterable[UUID], now: datetime) -> Finished:
    """Finish those of the jobs that are whole and whose every text has its outcome, and store the events about them.

    Every path to a job's end comes through here, so that none can forget its webhook.
    """
    finished = session.connection().execute(_FINISH, {"ids": sorted(job_ids), "now": now}).all()
    expiring = [
        {"job": job.id, "moment": now + timedelta(seconds=job.expires_after)}
        for job in finished
        if job.expires_after is not None
    ]
    if expiring:
        session.connection().execute(_EXPIRE_RESULTS, expiring)
    return Finished(tuple(job.id for job in finished), tuple(insert_deliveries(session, finished, now)))


_FINISH = (
    update(JOBS)
    .where(
        JOBS.c.id.in_(bindparam("ids", expanding=True)),
        JOBS.c.finished_at.is_(None),
        JOBS.c.receiving_until.is_(None),
        JOBS.c.queued_count + JOBS.c.running_count == 0,
    )
    .values(
        finished_at=bindparam("now"),
        state=case((JOBS.c.state.in_(STOPPED), JOBS.c.state), else_=JobState.COMPLETED),
    )
    .returning(*EVENT_COLUMNS, JOBS.c.expires_after)
)
_EXPIRE_RESULTS = update(JOBS).where(JOBS.c.id == bindparam("job")).values(expires_at=bindparam("moment"))
