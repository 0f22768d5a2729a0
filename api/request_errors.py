"""What can be wrong with one request, or with the moment it came at; `api/errors.py` turns each into an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.errors import SentiqError, TransientError
from shared.scopes import Scope

MAX_LISTED_ERRORS = 100
CHALLENGE = 'Bearer realm="sentiq"'


class KeyRefused(SentiqError):
    """The request does not come with a key that opens this route."""

    @property
    def challenge(self) -> str:
        """Return what the header `WWW-Authenticate` says (RFC 6750)."""
        return f'{CHALLENGE}, error="invalid_token"'


class KeyMissing(KeyRefused):
    """A key is needed here: send it with the header `Authorization: Bearer <key>`."""

    code = "key_missing"

    @property
    def challenge(self) -> str:
        """Return what to send, without calling it an error (RFC 6750, section 3.1)."""
        return CHALLENGE


class KeyUnknown(KeyRefused):
    """The key is none of this service: look for characters that got lost, or ask the service's operator for another."""

    code = "key_unknown"


class KeyRevoked(KeyRefused):
    """The key was revoked: ask the service's operator for another."""

    code = "key_revoked"


class KeyExpired(KeyRefused):
    """The key has expired: use its successor, or ask the service's operator for another."""

    code = "key_expired"


class ScopeMissing(KeyRefused):
    """The key is not good for this call."""

    code = "scope_missing"

    def __init__(self, scopes: Sequence[Scope]) -> None:
        """Say which scopes would have opened the route, any one of them."""
        self.scopes = scopes
        super().__init__(f"The key is not good for this call, which needs the scope {' or '.join(scopes)}.")

    @property
    def challenge(self) -> str:
        """Return which scope is missing; of several that would do, the first (a list would mean all of them)."""
        return f'{CHALLENGE}, error="insufficient_scope", scope="{self.scopes[0]}"'


class BodyInvalid(SentiqError):
    """The body is not the JSON that is expected here."""

    code = "body_invalid"


class RequestTooSlow(SentiqError):
    """The request did not come to its end in time; the connection is closed."""

    code = "request_too_slow"
    retryable = True


class ContentTypeUnsupported(SentiqError):
    """The body must be JSON: send it with the header `Content-Type: application/json`."""

    code = "content_type_unsupported"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one part of a request: a place in the body, or a parameter of the query."""

    code: str
    detail: str
    pointer: str | None = None  # JSON Pointer (RFC 6901)
    parameter: str | None = None


class RequestInvalid(SentiqError):
    """The request has parts that cannot be accepted."""

    code = "validation_error"

    def __init__(self, errors: Sequence[FieldError], total: int | None = None) -> None:
        """List the first hundred of `total` errors."""
        self.errors = errors[:MAX_LISTED_ERRORS]
        total = len(errors) if total is None else total
        super().__init__(_count_errors(total, len(self.errors)))


def _count_errors(total: int, listed: int) -> str:
    if total == 1:
        return "One part of the request cannot be accepted; `errors` says which and why."
    shown = "`errors` lists them" if listed == total else f"`errors` lists the first {listed}"
    return f"{total:,} parts of the request cannot be accepted; {shown}."


class TextBlank(SentiqError):
    """输入文本不能为空"""  # noqa: D400, D415  the message of the simple call, word for word

    code = "text_blank"


class CursorInvalid(SentiqError):
    """The cursor was not given out by this list: begin without one, then follow `next_cursor`."""

    code = "cursor_invalid"


class DeadlinePassed(SentiqError):
    """The deadline lies in the past, so nothing could be scored before it."""

    code = "deadline_passed"


class ResultsPurged(SentiqError):
    """The texts and results of this job were deleted when their time was over; its counts remain."""

    code = "results_purged"


class IdempotencyKeyInvalid(SentiqError):
    """`Idempotency-Key` must come once, as 1 to 255 visible ASCII characters, with quotes around them or without."""

    code = "idempotency_key_invalid"


class IdempotencyKeyReused(SentiqError):
    """The `Idempotency-Key` came before with another body: take a new key for a new request."""

    code = "idempotency_key_reused"


class IdempotencyKeyInUse(SentiqError):
    """The first request with this `Idempotency-Key` is not answered yet."""

    code = "idempotency_key_in_use"

    def __init__(self, job_id: UUID, retry_after_seconds: int) -> None:
        """Say which job it has made, and when it is answered at the latest."""
        super().__init__(
            "The first request with this `Idempotency-Key` is still waiting for its results: "
            f"send it again in {retry_after_seconds} seconds at the latest, or follow GET /v1/jobs/{job_id}."
        )
        self.job_id = job_id
        self.retry_after_seconds = retry_after_seconds


class NeutralBandUnavailable(SentiqError):
    """The model has no neutral band of the kind that was asked for."""

    code = "neutral_band_unavailable"


class RateLimited(TransientError):
    """The key has sent too many requests."""

    code = "rate_limited"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        """Say when the next request is taken."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(SentiqError):
    """The texts are more than the key's quota has left."""

    code = "quota_exceeded"
    retryable = True

    def __init__(self, detail: str, retry_after_seconds: int | None = None) -> None:
        """Say when the texts would be taken; None: never, there are too many of them."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class TooManyWaiting(TransientError):
    """All places for waiting callers are taken and nothing was stored: try again, or use POST /v1/jobs and poll."""

    code = "too_many_waiting"
    retry_after_seconds = 1


class NotHearing(TransientError):
    """The message broker does not answer, so nobody could wait for the result; nothing was stored."""

    code = "broker_unavailable"
    retry_after_seconds = 2


class DatabaseUnavailable(TransientError):
    """The database does not answer; nothing was stored by this request."""

    code = "database_unavailable"
    retry_after_seconds = 2


class WaitTimedOut(TransientError):
    """The text is stored and will be scored, but not within the time that this call may wait."""

    code = "wait_timed_out"

    def __init__(self, job_id: UUID) -> None:
        """Say where the result will be."""
        super().__init__(
            "The text is stored and will be scored, but not within the time that this call may wait: "
            f"read GET /v1/jobs/{job_id}/results later."
        )
        self.job_id = job_id


class TextNotScored(SentiqError):
    """The model could not score this text."""

    code = "scoring_failed"


class NothingToScore(TextNotScored):
    """The text holds no character that the model can read."""

    code = "nothing_to_score"


class TextRemoved(TextNotScored):
    """The job of this text was removed before it was scored."""

    code = "text_cancelled"


class TextCancelled(TextNotScored):
    """The job of this text was cancelled before it was scored."""

    code = "text_cancelled"
