"""Removes a job at once, whatever its state."""

from uuid import UUID

import structlog

from api.core import Core
from shared.queries import retention
from shared.queries.jobs import Finished

log = structlog.get_logger(__name__)


def remove_job(core: Core, tenant_id: int, job_id: UUID) -> None:
    """Delete the job with its texts, results, deliveries and idempotency key, all in one transaction.

    What a worker has begun of it is dropped when it is done. No webhook tells of the end.

    Raises:
        JobNotFound: the tenant has none with this id, or has removed it before.
    """
    with core.database.writing() as session:
        was_unfinished = retention.delete_job(session, tenant_id, job_id)
    log.info("job_removed", job_id=str(job_id))
    if was_unfinished:
        # Whoever waits for it must learn that there is nothing left to wait for.
        core.queue.announce_finished(Finished((job_id,)))
