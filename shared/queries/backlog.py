"""Queries on what is waiting: how much, how old, how much of it ahead of one job."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from shared.models import IS_QUEUED, JOBS, TEXTS, Job
from shared.queries.lines import list_lines
from shared.states import Lane


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is waiting for one model."""

    model: str
    queued_texts: int
    running_texts: int
    oldest_queued_at: datetime | None


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


_COUNT_QUEUED = select(func.sum(JOBS.c.queued_count)).where(JOBS.c.finished_at.is_(None))


def count_ahead(session: Session, job: Job) -> int:
    """Return how many texts will be claimed before the last one of `job`, its own included."""
    comes_first = or_(Job.lane < job.lane, (Job.lane == job.lane) & (Job.id <= job.id))
    remaining = func.sum(Job.queued_count + Job.running_count)
    query = select(remaining).where(Job.model == job.model, Job.finished_at.is_(None), comes_first)
    return int(session.scalar(query) or 0)


def count_ahead_by_job(session: Session, job_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return, for each of these jobs that is unfinished, what `count_ahead` would, in one query for all."""
    place = (
        select(
            Job.id,
            func.sum(Job.queued_count + Job.running_count)
            .over(partition_by=Job.model, order_by=(Job.lane, Job.id))
            .label("texts"),
        )
        .where(Job.finished_at.is_(None))
        .subquery()
    )
    rows = session.execute(select(place.c.id, place.c.texts).where(place.c.id.in_(job_ids)))
    return {job_id: int(texts) for job_id, texts in rows}
