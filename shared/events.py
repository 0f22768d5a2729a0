"""What a webhook says: a thin payload with where the job stands, how its texts fared, and where to read on.

It never holds a text or metadata, so that an event may pass through systems that must not see them.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from shared.models import JOBS
from shared.states import EventType, JobState

# What a payload is made from.
EVENT_COLUMNS = (
    JOBS.c.id,
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
)
_EVENT_OF_STATE = {
    JobState.COMPLETED: EventType.JOB_COMPLETED,
    JobState.CANCELLED: EventType.JOB_CANCELLED,
    JobState.EXPIRED: EventType.JOB_EXPIRED,
}


def find_event(job: Row[Any]) -> EventType | None:
    """Return the event that this job's webhook asked for now that the job has come to this state, or None."""
    event = _EVENT_OF_STATE.get(job.state)
    return event if event is not None and job.webhook and event in job.webhook["events"] else None


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


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
