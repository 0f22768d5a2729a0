"""Jobs as callers submit them and as they see them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.cursors import encode_jobs_cursor
from api.schemas.base import Answer, RequestBody, RequestQuery, read_whole_number
from api.schemas.moments import OptionalMoment
from api.schemas.neutral_band import NeutralBand
from api.schemas.results import Cursor, Limit, Result
from api.schemas.texts import Metadata, TextItem, Texts
from api.schemas.webhooks import SubmitWebhook, Webhook
from api.services.progress import Progress
from shared.errors import JobNotFound
from shared.models import Job as JobRow
from shared.queries.texts import NewText
from shared.states import JobState

MAX_EXPIRES_AFTER = 10 * 366 * 86_400  # seconds


class SubmitJob(RequestBody):
    """Texts to score, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"texts": ["物流很快，包装也好。", "用了两天就坏了，客服也不理人。"]},
                {
                    "texts": [
                        {"id": "review-17", "text": "物流很快，包装也好。", "metadata": {"shop": "A3", "stars": 5}}
                    ],
                    "model": "structbert-small-zh",
                    "metadata": {"batch": "2026-01"},
                    "neutral_band": 0.8,
                    "expires_after": 86_400,
                },
            ]
        },
    )

    texts: Texts
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="A name from GET /v1/models; without it, the default model."
    )
    metadata: Metadata | None = None
    webhook: SubmitWebhook | None = None
    neutral_band: NeutralBand = None
    deadline: OptionalMoment = Field(
        None,
        description="Texts that no worker has begun by then are cancelled and the job becomes `expired`; a time of "
        "RFC 3339 with its offset, in the future.",
    )
    expires_after: Annotated[int, Field(ge=1, le=MAX_EXPIRES_AFTER), BeforeValidator(read_whole_number)] | None = Field(
        None,
        description="So many seconds after the end of the job its texts and results are deleted, if the service does "
        "not delete them before; the counts stay.",
    )

    def compute_fingerprint(self) -> str:
        """Return the SHA-256 of what the body means: the order of its members and white space do not count.

        What is left at its default does not count either, so that a newer release finds the fingerprints of this one.
        """
        meant = self.model_dump(mode="json", exclude_defaults=True)
        document = json.dumps(meant, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(document.encode()).hexdigest()

    def to_new_texts(self) -> list[NewText]:
        """Return the texts as the database takes them."""
        return [
            NewText(item.text, item.id, item.metadata) if isinstance(item, TextItem) else NewText(item)
            for item in self.texts
        ]


class JobPath(BaseModel):
    """Which job."""

    job_id: str = Field(json_schema_extra={"format": "uuid"})

    def parse_id(self) -> UUID:
        """Return the id.

        Raises:
            JobNotFound: no job can have this id.
        """
        try:
            return UUID(self.job_id)
        except ValueError as err:
            raise JobNotFound(f"There is no job {self.job_id[:50]!r}: a job's id is a UUID.") from err


class JobsQuery(RequestQuery):
    """Which jobs."""

    limit: Limit = 50
    cursor: Cursor | None = None
    state: JobState | None = Field(None, description="Only jobs in this state.")


class Counts(Answer):
    """How many of the job's texts are in each state."""

    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int


class Links(Answer):
    """Where to go from here."""

    self: str
    results: str
    events: str
    deliveries: str
    cancel: str


class Job(Answer):
    """One submission of texts, and how far it has come."""

    id: UUID
    state: JobState
    model: str
    neutral_threshold: float | None = Field(
        description="A text whose score lies below it is labelled `neutral`; null: no neutral band."
    )
    receiving: bool = Field(description="Whether an upload is still arriving; the job ends only after it.")
    counts: Counts
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    request_id: str | None = Field(
        description="The `X-Request-ID` with which the job was submitted: its own logs and webhooks carry it too."
    )
    deadline: datetime | None = Field(description="What is not begun by then is not scored.")
    expires_after: int | None = Field(
        description="How many seconds after its end the texts and results are deleted, if the service does not before."
    )
    purged_at: datetime | None = Field(description="When the texts and results were deleted; the counts stay.")
    texts_ahead: int = Field(
        ge=0,
        description="How many texts of other jobs should be scored before the last of this one, as is known now.",
    )
    eta_seconds: float | None = Field(
        description="In how many seconds the job should be done, from the measured speed of the workers that live; "
        "null while none does."
    )
    texts_per_second: float | None = Field(
        description="How many of its texts are scored a second, by the same measure: its share of what the workers do "
        "until it is done; null while none lives, and once it has finished."
    )
    oldest_queued_seconds: float | None = Field(
        description="How long the first of its texts in line has been waiting; null when none waits."
    )
    metadata: dict[str, Any] | None
    webhook: Webhook | None
    links: Links


class JobWithResults(Job):
    """A job that was done while its caller waited, with the first of its results."""

    results: list[Result]
    next_cursor: str | None = Field(description="Where the next page of results begins; null at the end.")


class JobPage(Answer):
    """Jobs, the newest first."""

    data: list[Job]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


def present_job(row: JobRow, progress: Progress) -> Job:
    """Return the job as callers see it."""
    address = f"/v1/jobs/{row.id}"
    return Job(
        id=row.id,
        state=JobState(row.state),
        model=row.model,
        neutral_threshold=row.neutral_threshold,
        receiving=row.is_receiving,
        counts=Counts(
            total=row.total_count,
            queued=row.queued_count,
            running=row.running_count,
            succeeded=row.succeeded_count,
            failed=row.failed_count,
            cancelled=row.cancelled_count,
        ),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        request_id=row.request_id,
        deadline=row.deadline_at,
        expires_after=row.expires_after,
        purged_at=row.purged_at,
        texts_ahead=progress.texts_ahead,
        eta_seconds=progress.eta_seconds,
        texts_per_second=progress.texts_per_second,
        oldest_queued_seconds=progress.oldest_queued_seconds,
        metadata=row.details,
        webhook=None if row.webhook is None else Webhook(**row.webhook),
        links=Links(
            self=address,
            results=f"{address}/results",
            events=f"{address}/events",
            deliveries=f"{address}/deliveries",
            cancel=f"{address}/cancel",
        ),
    )


def present_jobs(rows: Sequence[JobRow], progress: Mapping[UUID, Progress], limit: int) -> JobPage:
    """Return the page of the first `limit` jobs; one row more says that another page follows."""
    page = rows[:limit]
    cursor = encode_jobs_cursor(page[-1].id) if len(rows) > limit else None
    return JobPage(data=[present_job(row, progress[row.id]) for row in page], next_cursor=cursor)


def format_etag(row: JobRow) -> str:
    """Return a tag that changes whenever a text of the job moves; weak, because the ETA changes all the time."""
    counts = (row.queued_count, row.running_count, row.succeeded_count, row.failed_count, row.cancelled_count)
    purged = "" if row.purged_at is None else ".purged"
    receiving = ".receiving" if row.is_receiving else ""
    return f"{row.state}.{'.'.join(map(str, counts))}{purged}{receiving}"
