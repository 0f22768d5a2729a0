"""Queries on what is waiting: how much, how old, how much of it ahead of one job."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from shared.models import IS_QUEUED, JOBS, TEXTS, Job
from shared.queries.lines import list_lines
from shared.queries.tenants import lock_tenant
from shared.states import Lane


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


def is_waiting(session: Session, model: str, lane: Lane) -> bool:
    """Return whether any text of this model and lane is waiting."""
    return session.connection().scalar(_IS_WAITING, {"model": model, "lane": lane}) is not None


_IS_WAITING = (
    select(TEXTS.c.id).where(IS_QUEUED, TEXTS.c.model == bindparam("model"), TEXTS.c.lane == bindparam("lane")).limit(1)
)


def count_queued(session: Session) -> int:
    """Return how many texts are waiting, of all models."""
    return int(session.connection().scalar(_COUNT_QUEUED) or 0)


def count_queued_of(session: Session, tenant_id: int) -> int:
    """Return how many texts of one tenant are waiting, and lock it against others that count.

    So two submissions cannot both take the last place that a quota has.
    """
    lock_tenant(session, tenant_id)
    return int(session.connection().scalar(_COUNT_QUEUED_OF, {"tenant": tenant_id}) or 0)


_COUNT_QUEUED = select(func.sum(JOBS.c.queued_count)).where(JOBS.c.finished_at.is_(None))
_COUNT_QUEUED_OF = _COUNT_QUEUED.where(JOBS.c.tenant_id == bindparam("tenant"))


def list_loads(session: Session) -> Sequence[Load]:
    """Return what every tenant still has to be done, by model and lane."""
    rows = session.execute(
        select(Job.model, Job.lane, Job.tenant_id, func.sum(_REMAINING))
        .where(Job.finished_at.is_(None))
        .group_by(Job.model, Job.lane, Job.tenant_id)
    )
    return [Load(model, lane, tenant_id, int(texts)) for model, lane, tenant_id, texts in rows]


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


def count_ahead_by_job(session: Session, job_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return, for each of these jobs that is unfinished, how many texts will be claimed until its last, it included.

    As far as is known now: what is submitted later to a lane before it, or by others, comes between.
    """
    line = (
        select(
            *(Job.id, Job.model, Job.lane, Job.tenant_id),
            func.sum(_REMAINING)
            .over(partition_by=(Job.model, Job.lane, Job.tenant_id), order_by=Job.id)
            .label("texts"),
        )
        .where(Job.finished_at.is_(None))
        .subquery()
    )
    rows = session.execute(select(line).where(line.c.id.in_(job_ids))).all()
    loads = list_loads(session)
    places = {job_id: Load(model, lane, tenant_id, int(texts)) for job_id, model, lane, tenant_id, texts in rows}
    return {job_id: count_ahead(place, loads) for job_id, place in places.items()}


_REMAINING = Job.queued_count + Job.running_count
