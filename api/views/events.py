"""Events: how far a job comes, as it happens."""

from collections.abc import Iterator

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.core import get_core
from api.document import JOBS, describe_events, describe_problems
from api.identity import get_identity
from api.schemas.jobs import Job, JobPath, present_job
from api.server_sent_events import EVENT_STREAM_TYPE, HEARTBEAT, UNBUFFERED, format_event, format_retry
from api.services import following
from api.services.watching import Sighting, watch_job
from api.streams import respond_stream, take_stream_seat
from shared.scopes import Scope
from shared.states import JobState

blueprint = APIBlueprint("events", __name__, abp_tags=[JOBS])

RETRY_MS = 2_000
PROGRESS = "progress"
EVENTS = (PROGRESS, *(state for state in JobState if state.is_final))


@blueprint.get(
    "/v1/jobs/<job_id>/events",
    summary="任务进展的事件流 / Stream the progress of a job",
    operation_id="stream_events",
    responses={
        **describe_problems("job_not_found", "too_many_waiting"),
        "200": describe_events(Job, EVENTS),
    },
)
@needs(Scope.READ)
def stream_events(path: JobPath) -> Response:
    """Stream the progress of a job as server-sent events.

    `progress` comes at once and after each change, at most once a second, with the job as JSON; the last event is
    `completed`, `cancelled` or `expired`, with the same, and the stream ends. A stream that ends without one of them
    was broken off: call again, or learn that the job was removed. Comments keep the connection alive.
    """
    core = get_core()
    job = following.read_job(core, get_identity().tenant_id, path.parse_id())
    seat = take_stream_seat(core, job.id)
    events = _write_events(watch_job(core, job, seat))
    return respond_stream(events, seat, f"{EVENT_STREAM_TYPE}; charset=utf-8", UNBUFFERED)


def _write_events(sightings: Iterator[Sighting | None]) -> Iterator[bytes]:
    yield format_retry(RETRY_MS)
    for sighting in sightings:
        yield HEARTBEAT if sighting is None else _write_event(sighting)


def _write_event(sighting: Sighting) -> bytes:
    job = sighting.job
    name = PROGRESS if job.finished_at is None else JobState(job.state)
    return format_event(name, present_job(job, sighting.progress))
