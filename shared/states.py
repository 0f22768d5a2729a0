"""The words for where a job, a text or a delivery stands, and for how soon a text is claimed."""

from enum import IntEnum, StrEnum


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the job will never be claimed again."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


STOPPED = (JobState.CANCELLED, JobState.EXPIRED)  # none of their texts is claimed any more


class TextState(StrEnum):
    """Where a text stands; the last three are its outcomes."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


COPIED = "copied"  # stored for a text that has another's outcome (see `TextRow.copy_of`); nobody is shown it


class EventType(StrEnum):
    """What a webhook can be asked to tell of."""

    JOB_RUNNING = "job.running"
    JOB_COMPLETED = "job.completed"
    JOB_CANCELLED = "job.cancelled"
    JOB_EXPIRED = "job.expired"


# What a webhook tells of unless it names its events: that a job has come to its end, in whichever way.
END_EVENTS = (EventType.JOB_COMPLETED, EventType.JOB_CANCELLED, EventType.JOB_EXPIRED)


class EndpointEvent(StrEnum):
    """What an endpoint is sent to try it out; nobody subscribes to it."""

    TEST = "webhook.test"


class DeliveryState(StrEnum):
    """Where the delivery of an event stands; the last two are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledReason(StrEnum):
    """Why an endpoint is sent nothing any more."""

    BY_OWNER = "by_owner"
    GONE = "gone"
    FAILING = "failing"
    DELETED = "deleted"


class Lane(IntEnum):
    """Which texts are claimed first: those of the lower number, but not again and again while others wait."""

    INTERACTIVE = 0
    BULK = 1


class Label(StrEnum):
    """What a text feels like."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class ErrorCode(StrEnum):
    """Why a text failed, as stored on its row."""

    SCORING_FAILED = "scoring_failed"
    NOTHING_TO_SCORE = "nothing_to_score"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    # Of a row of an uploaded file, which no worker sees.
    TEXT_BLANK = "text_blank"
    TEXT_MISSING = "text_missing"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_UNDECODABLE = "text_undecodable"
    TEXT_UNSTORABLE = "text_unstorable"
    LINE_INVALID = "line_invalid"
    ID_TOO_LONG = "id_too_long"
