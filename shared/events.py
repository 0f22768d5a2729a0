"""What a webhook says: a thin payload with where the job stands, how its texts fared, and where to read on.

It never holds a text or metadata, so that an event may pass through systems that must not see them, and stays far
below the 20 KB that the Standard Webhooks specification advises.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, literal_column

from shared.models import ENDPOINTS, JOBS
from shared.states import EndpointEvent, EventType, JobState

_HAS_ENDPOINTS = (
    exists(literal_column("1"))
    .where(ENDPOINTS.c.tenant_id == JOBS.c.tenant_id, ENDPOINTS.c.disabled_at.is_(None))
    .correlate(JOBS)
)
# What a payload is made from, and where it may have to go.
EVENT_COLUMNS = (
    JOBS.c.id,
    JOBS.c.tenant_id,
    JOBS.c.state,
    JOBS.c.model,
    JOBS.c.webhook,
    JOBS.c.total_count,
    JOBS.c.succeeded_count,
    JOBS.c.failed_count,
    JOBS.c.cancelled_count,
    JOBS.c.created_at,
    JOBS.c.started_at,
    JOBS.c.finished_at,
    JOBS.c.request_id,
    _HAS_ENDPOINTS.label("has_endpoints"),
)
_EVENT_OF_STATE = {
    JobState.RUNNING: EventType.JOB_RUNNING,
    JobState.COMPLETED: EventType.JOB_COMPLETED,
    JobState.CANCELLED: EventType.JOB_CANCELLED,
    JobState.EXPIRED: EventType.JOB_EXPIRED,
}


def find_event(state: JobState) -> EventType | None:
    """Return the event that tells of a job's coming into this state, or None."""
    return _EVENT_OF_STATE.get(state)


def build_payload(event: EventType, job: Row[Any], now: datetime) -> dict[str, Any]:
    """Return the event's body, in the words of the HTTP API; links are paths, since the public host is not known."""
    address = f"/v1/jobs/{job.id}"
    return {
        "type": event,
        "timestamp": _format(now),
        "data": {
            "id": str(job.id),
            "state": job.state,
            "model": job.model,
            "request_id": job.request_id,
            "counts": {
                "total": job.total_count,
                "succeeded": job.succeeded_count,
                "failed": job.failed_count,
                "cancelled": job.cancelled_count,
            },
            "created_at": _format(job.created_at),
            "started_at": _format(job.started_at),
            "finished_at": _format(job.finished_at),
            "links": {"self": address, "results": f"{address}/results"},
        },
    }


def build_test_payload(endpoint_id: UUID, now: datetime) -> dict[str, Any]:
    """Return the body of the event that tries an endpoint out."""
    return {
        "type": EndpointEvent.TEST,
        "timestamp": _format(now),
        "data": {"id": str(endpoint_id), "links": {"self": f"/v1/webhooks/{endpoint_id}"}},
    }


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
