"""Tells one caller of every change of a job, until its end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from api.core import Core
from api.services.following import read_job, read_progress
from api.services.progress import Progress
from api.waiting import Seat
from shared.errors import JobNotFound
from shared.models import Job

LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """The job as it was at some moment."""

    job: Job
    progress: Progress


def watch_job(
    core: Core, job: Job, seat: Seat, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> Iterator[Sighting | None]:
    """Yield the job as it is, then after each change, at its end for the last time; None if there is none for long.

    The row is read once a second, and at once when the job is announced as finished. The last sighting may be of an
    unfinished job: then the service is about to stop, or the job was removed.
    """
    tenant_id, job_id = job.tenant_id, job.id
    seen: tuple[object, ...] | None = None
    spoke_at = time.monotonic()
    while True:
        if _describe(job) != seen:
            seen, spoke_at = _describe(job), time.monotonic()
            yield Sighting(job, read_progress(core, [job])[job_id])
        elif time.monotonic() - spoke_at >= heartbeat_seconds:
            spoke_at = time.monotonic()
            yield None
        if job.finished_at is not None or not _pause(core, seat):
            return
        try:
            job = read_job(core, tenant_id, job_id)
        except JobNotFound:
            return


def _describe(job: Job) -> tuple[object, ...]:
    counts = (job.queued_count, job.running_count, job.succeeded_count, job.failed_count, job.cancelled_count)
    return (job.state, job.is_receiving, job.total_count, *counts, job.finished_at)


def _pause(core: Core, seat: Seat) -> bool:
    """Wait until it is time to look again; return False when there is no time left.

    While nothing can be heard everybody is woken again and again, so then a second passes all the same.
    """
    until = time.monotonic() + LOOK_SECONDS
    while not core.room.is_closing and seat.wait(max(0.0, until - time.monotonic())):
        if core.room.is_hearing():
            break
    return not core.room.is_closing
