"""Reads jobs and results, and waits for jobs to finish without asking the database again and again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Core
from api.request_errors import ResultsPurged
from api.services.progress import Progress, measure_progress
from api.waiting import Seat
from shared.models import Job
from shared.queries import jobs, texts
from shared.states import JobState, TextState


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: `limit` entries behind `after`."""

    limit: int
    after: int = -1


def read_job(core: Core, tenant_id: int, job_id: UUID) -> Job:
    """Return the job as it is now.

    Raises:
        JobNotFound: the tenant has none with this id.
    """
    with core.database.reading() as session:
        return jobs.get_job(session, tenant_id, job_id)


def read_progress(core: Core, rows: Sequence[Job]) -> dict[UUID, Progress]:
    """Return how far these jobs have come."""
    with core.database.reading() as session:
        return measure_progress(session, core, rows)


def wait_until_finished(core: Core, tenant_id: int, job_id: UUID, seat: Seat, seconds: float) -> None:
    """Return when the job has finished, or after `seconds`; the row is read only when something was announced."""
    deadline = time.monotonic() + seconds
    while seat.wait(deadline - time.monotonic()):
        if read_job(core, tenant_id, job_id).finished_at is not None or not core.room.is_worth_waiting():
            return


def read_job_when_finished(core: Core, tenant_id: int, job_id: UUID, seconds: float) -> Job:
    """Return the job once it has finished, or as it is after `seconds`, or at once if nobody can be woken.

    Raises:
        JobNotFound: the tenant has none with this id.
    """
    seat = core.room.take_seat(job_id) if seconds > 0 else None
    if seat is None:
        return read_job(core, tenant_id, job_id)
    with seat:
        job = read_job(core, tenant_id, job_id)
        if job.finished_at is not None:
            return job
        wait_until_finished(core, tenant_id, job_id, seat, seconds)
    return read_job(core, tenant_id, job_id)


def list_jobs(core: Core, tenant_id: int, *, limit: int, before: UUID | None, state: JobState | None) -> Sequence[Job]:
    """Return up to `limit` of the tenant's jobs older than `before`, newest first, and one more if there is one."""
    with core.database.reading() as session:
        return jobs.list_jobs(session, tenant_id, limit=limit + 1, before=before, state=state)


def list_results(
    core: Core, tenant_id: int, job_id: UUID, *, page: Page, state: TextState | None = None
) -> Sequence[Row[Any]]:
    """Return a page of a job's texts in input order, and one more if there is one.

    Raises:
        JobNotFound: the tenant has none with this id.
        ResultsPurged: their time is over.
    """
    with core.database.reading() as session:
        rows = texts.list_results(session, tenant_id, job_id, limit=page.limit + 1, after=page.after, state=state)
        # Only now: had the job been removed before its rows were read, their absence would look like their end.
        check_readable(core, jobs.get_job(session, tenant_id, job_id))
        return rows


def check_readable(core: Core, job: Job) -> Job:
    """Return the job, if all of its results can be read.

    Raises:
        ResultsPurged: their time is over.
    """
    # Also while the sweeper is still deleting: a part of the results would look like all of them.
    if job.expires_at is not None and job.expires_at <= core.clock.now():
        raise ResultsPurged
    return job
