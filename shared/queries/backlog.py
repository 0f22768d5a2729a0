"""Queries on what is waiting: how much, how old, how much of it ahead of one job."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from shared.models import IS_QUEUED, JOBS, TEXTS, Job
from shared.queries.lines import list_lines
from shared.queries.tenants import lock_tenant
from shared.states import Lane

MAX_POINTS = 1_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is waiting for one model."""

    model: str
    queued_texts: int
    running_texts: int
    oldest_queued_at: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """How many texts one tenant has waiting or running in one lane of one model."""

    model: str
    lane: int
    tenant_id: int
    texts: int


@dataclass(frozen=True, slots=True)
class Point:
    """How much one tenant has to be done in one lane of one model until this job is, itself included."""

    job_id: UUID
    model: str
    lane: int
    tenant_id: int
    texts: int  # waiting or running
    queued: int  # waiting
    jobs: int

    @property
    def load(self) -> Load:
        """Return what is to be done until here."""
        return Load(self.model, self.lane, self.tenant_id, self.texts)


def list_backlogs(session: Session) -> Sequence[Backlog]:
    """Return the backlog of every model that has unfinished jobs, counted from the jobs' own counts."""
    rows = session.execute(
        select(Job.model, func.sum(Job.queued_count), func.sum(Job.running_count))
        .where(Job.finished_at.is_(None))
        .group_by(Job.model)
        .order_by(Job.model)
    )
    return [
        Backlog(model, int(queued), int(running), find_oldest_queued(session, model)) for model, queued, running in rows
    ]


def find_oldest_queued(session: Session, model: str) -> datetime | None:
    """Return since when the first text of some line has been waiting, whichever waits longest; None if none does."""
    return min((line.queued_at for line in list_lines(session, model)), default=None)


def list_waiting_since(session: Session, job_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return since when the first text in line of each of these jobs has been waiting; without those that have none.

    A job's texts are claimed in their order, so the first in line stands behind as many as are queued no more: one look
    at an index for each job, however many texts it has. A text that came back to the queue stands before it, unseen.
    """
    rows = session.connection().execute(_WAITING_SINCE, {"ids": list(job_ids)})
    return dict(rows.all())


_WAITING_SINCE = (
    select(JOBS.c.id, TEXTS.c.queued_at)
    .join(TEXTS, (TEXTS.c.job_id == JOBS.c.id) & (TEXTS.c.position == JOBS.c.total_count - JOBS.c.queued_count))
    .where(JOBS.c.id.in_(bindparam("ids", expanding=True)), JOBS.c.queued_count > 0)
)


def is_waiting(session: Session, model: str, lane: Lane) -> bool:
    """Return whether any text of this model and lane is waiting."""
    return session.connection().scalar(_IS_WAITING, {"model": model, "lane": lane}) is not None


_IS_WAITING = (
    select(TEXTS.c.id).where(IS_QUEUED, TEXTS.c.model == bindparam("model"), TEXTS.c.lane == bindparam("lane")).limit(1)
)


def count_queued_of(session: Session, tenant_id: int) -> int:
    """Return how many texts of one tenant are waiting, and lock it against others that count.

    So two submissions cannot both take the last place that a quota has.
    """
    lock_tenant(session, tenant_id)
    return int(session.connection().scalar(_COUNT_QUEUED_OF, {"tenant": tenant_id}) or 0)


_COUNT_QUEUED_OF = select(func.sum(JOBS.c.queued_count)).where(
    JOBS.c.finished_at.is_(None), JOBS.c.tenant_id == bindparam("tenant")
)


def list_points(session: Session) -> Sequence[Point]:
    """Return points of every line in order, at most about a thousand of each, among them the last one.

    Takes time in proportion to the number of unfinished jobs.
    """
    rows = session.connection().execute(_LIST_POINTS, {"points": MAX_POINTS})
    return [
        Point(job_id, model, lane, tenant_id, int(texts), int(queued), jobs)
        for job_id, model, lane, tenant_id, texts, queued, jobs in rows
    ]


_LINE = (JOBS.c.model, JOBS.c.lane, JOBS.c.tenant_id)
_REMAINING = JOBS.c.queued_count + JOBS.c.running_count
_IN_LINE = (
    select(
        JOBS.c.id,
        *_LINE,
        func.sum(_REMAINING).over(partition_by=_LINE, order_by=JOBS.c.id).label("texts"),
        func.sum(JOBS.c.queued_count).over(partition_by=_LINE, order_by=JOBS.c.id).label("queued"),
        func.row_number().over(partition_by=_LINE, order_by=JOBS.c.id).label("number"),
        func.count().over(partition_by=_LINE).label("jobs"),
    )
    .where(JOBS.c.finished_at.is_(None))
    .subquery()
)
_LIST_POINTS = (
    select(*(column for column in _IN_LINE.c if column.name != "jobs"))
    .where(
        or_(
            _IN_LINE.c.number % (_IN_LINE.c.jobs // bindparam("points") + 1) == 0,
            _IN_LINE.c.number == _IN_LINE.c.jobs,
        )
    )
    .order_by(_IN_LINE.c.id)
)


def count_ahead(own: Load, loads: Iterable[Load]) -> int:
    """Return how many texts are claimed until the texts of `own` are, these included.

    All that waits in a lane before theirs, and of each other tenant in it as many as of this one, if it has so many.
    """
    before = sum(load.texts for load in loads if load.model == own.model and load.lane < own.lane)
    beside = (
        min(own.texts, load.texts)
        for load in loads
        if (load.model, load.lane) == (own.model, own.lane) and load.tenant_id != own.tenant_id
    )
    return own.texts + before + sum(beside)
