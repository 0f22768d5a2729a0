"""Stops what no worker has claimed yet of a job."""

from uuid import UUID

import structlog

from api.core import Core
from shared.errors import JobAlreadyFinished
from shared.models import Job
from shared.queries import jobs, stopping
from shared.states import JobState

log = structlog.get_logger(__name__)


def cancel_job(core: Core, tenant_id: int, job_id: UUID) -> Job:
    """Cancel the tenant's job's waiting texts and return the job; texts that are being scored are still finished.

    Raises:
        JobNotFound: the tenant has none with this id.
        JobAlreadyFinished: every text has its outcome.
    """
    with core.database.writing() as session:
        job = jobs.lock_job(session, tenant_id, job_id)
        if job.state == JobState.CANCELLED:
            return job
        if JobState(job.state).is_final:
            raise JobAlreadyFinished(f"The job has already finished ({job.state}), so nothing is left to cancel.")
        stopped = stopping.stop_jobs(session, [job_id], JobState.CANCELLED, core.clock.now())
        session.refresh(job)
    log.info("job_cancelled", job_id=str(job_id), texts=stopped.texts)
    core.queue.announce_finished(stopped.finished)
    return job
