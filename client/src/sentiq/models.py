"""What the service answers, as typed objects; members that a newer service adds are passed over."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class JobState(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TextState(StrEnum):
    """How far a text has come; each ends in exactly one of the last three."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Label(StrEnum):
    """How a text feels."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


FINISHED_JOB_STATES = frozenset({JobState.COMPLETED, JobState.CANCELLED, JobState.EXPIRED})
FINISHED_TEXT_STATES = frozenset({TextState.SUCCEEDED, TextState.FAILED, TextState.CANCELLED})


class Answered(BaseModel):
    """A JSON object of the service."""

    # `model` is the service's word for what scores texts, and here no clash with pydantic's names.
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Counts(Answered):
    """How many of a job's texts are in each state."""

    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int

    @property
    def finished(self) -> int:
        """How many texts have their outcome."""
        return self.succeeded + self.failed + self.cancelled


class JobInfo(Answered):
    """A job as it was when the service was asked."""

    id: UUID
    state: JobState
    model: str
    counts: Counts
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline: datetime | None = None
    purged_at: datetime | None = None
    receiving: bool = False  # texts are still arriving, and `counts.total` grows
    texts_per_second: float | None = None
    eta_seconds: float | None = None
    oldest_queued_seconds: float | None = None
    neutral_threshold: float | None = None
    request_id: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will be scored."""
        return self.state in FINISHED_JOB_STATES


class ResultError(Answered):
    """Why a text has no score."""

    code: str
    detail: str
    line: int | None = None  # of the file that was submitted


class Result(Answered):
    """What became of one text; `index` is its place in the job, from 0."""

    model_config = ConfigDict(extra="allow")  # what a newer service adds is written to files too

    index: int
    text: str
    state: TextState
    id: str | None = None
    label: Label | None = None
    score: float | None = None
    scores: dict[str, float] | None = None
    tokens: int | None = None
    windows: int | None = None
    model: str | None = None
    error: ResultError | None = None
    metadata: dict[str, Any] | None = None


class JobPage(Answered):
    """Some jobs, the newest first; `next_cursor` asks for the next page, None is the end."""

    data: list[JobInfo]
    next_cursor: str | None


class ResultPage(Answered):
    """Some results in input order; `next_cursor` asks for the next page, None is the end."""

    data: list[Result]
    next_cursor: str | None


class ScoredJob(JobInfo):
    """A job that was done while its caller waited, with the first page of its results."""

    results: list[Result]
    next_cursor: str | None


class ProblemPart(Answered):
    """One thing wrong with one part of a request."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Answered):
    """Why the service refused (RFC 9457); programs may depend on `code`, the rest is for people."""

    status: int
    code: str
    detail: str
    title: str = ""
    request_id: str | None = None
    errors: list[ProblemPart] = []
    job: UUID | None = None


class WebhookEvent(Answered):
    """A webhook whose signature was right; `id` is the same each time that it is sent, so drop one that you know."""

    id: str = ""  # from the header `webhook-id`
    type: str
    timestamp: datetime
    data: dict[str, Any]
