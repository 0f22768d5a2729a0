"""The one tree of errors: catch `SentiqError` for all, or a class for what you can do something about."""

from http import HTTPStatus
from typing import ClassVar

from sentiq.environment import Language
from sentiq.messages import tell
from sentiq.models import JobInfo, Problem, ResultError

FOREIGN_CODE = "foreign_answer"  # what a proxy says instead of the service has no code of the service's
SHOWN_PARTS = 5  # of what is wrong with a request; the rest stands in `problem`
# Of statuses that are final otherwise: the first request with the key is not over yet, or has been broken off.
PASSING_CODES = frozenset({"idempotency_key_in_use", "upload_interrupted"})


class SentiqError(Exception):
    """Something kept the client from doing what it was asked to; the message says what, and often what to do."""

    attempts = 1  # how often the request was sent

    def __init__(self, message: str, **fields: object) -> None:
        """Take the name of a message of `messages/errors.py`, and what stands in it."""
        self._message, self._fields = message, fields
        super().__init__(self.tell(Language.ENGLISH))

    def tell(self, language: Language) -> str:
        """Return what went wrong, in this language."""
        return tell(language, self._message, **self._fields)


class InputUnusable(SentiqError):
    """What was given to the client cannot be sent: a file that is not there, an address that is none."""


class OutputUnwritable(SentiqError):
    """The file that results should go to cannot be written."""


class ExtraMissing(SentiqError):
    """A package is not installed that the client needs for this only."""


class FormatUnavailable(SentiqError):
    """The service does not write, or take, this kind of file."""


class ConnectionFailed(SentiqError):
    """The service did not answer, or its answer broke off, however often it was tried."""


class AnswerTimedOut(ConnectionFailed):
    """The service took longer to answer than the client waits."""


class AnswerUnreadable(SentiqError):
    """The answer is not sentiq's: something else listens at this address, or stands in between."""


class SignatureInvalid(SentiqError):
    """The webhook was not signed with this secret, was changed on its way, or is too old."""


class WaitTimedOut(SentiqError):
    """The job was not done in the time that the caller gave it; it goes on, and `job` is how far it was."""

    def __init__(self, job: JobInfo, seconds: float) -> None:
        """Take the job as it was last seen."""
        super().__init__("wait_timed_out", job=job.id, seconds=f"{seconds:g}")
        self.job = job


class TextFailed(SentiqError):
    """The text could not be scored; `error` is the reason that the service stored."""

    def __init__(self, error: ResultError) -> None:
        """Take the reason."""
        super().__init__("text_failed", detail=error.detail, code=error.code)
        self.error = error


class APIError(SentiqError):
    """The service refused; `problem` is what it said, and `retry_after_seconds` when it may be asked again."""

    # Whether the same request may be answered otherwise a little later.
    is_passing: ClassVar[bool] = False
    message: ClassVar[str] = "request_refused"

    def __init__(self, problem: Problem, retry_after_seconds: float | None = None) -> None:
        """Take what the service said."""
        # What has one cause only says the same twice.
        parts = [part for part in problem.errors if part.detail != problem.detail][:SHOWN_PARTS]
        places = [f"\n  {part.pointer or part.parameter}: {part.detail}" for part in parts]
        message = "foreign_answer" if problem.code == FOREIGN_CODE else self.message
        when = "" if retry_after_seconds is None else f", Retry-After: {retry_after_seconds:.0f} s"
        code = f"{problem.code}{when}"
        told = {"status": problem.status, "detail": problem.detail, "code": code, "places": "".join(places)}
        super().__init__(message, **told)
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

    @property
    def code(self) -> str:
        """The stable code of the problem."""
        return self.problem.code

    @property
    def should_retry(self) -> bool:
        """Whether it is worth while to send the same request again."""
        if self.code == "quota_exceeded":
            return self.retry_after_seconds is not None  # without it there is more than will ever be taken
        return self.is_passing or self.code in PASSING_CODES


class RequestRefused(APIError):
    """There is something wrong with the request itself (400, 413, 415, 422 …)."""


class KeyRefused(APIError):
    """The key is missing, wrong, or has ended (401)."""

    message = "key_refused"


class ScopeMissing(APIError):
    """The key is not good for this (403)."""

    message = "scope_missing"


class NotFound(APIError):
    """There is no such job, or it is another tenant's (404)."""

    message = "not_found"


class Conflict(APIError):
    """The job, or the key, is not in a state for this (409)."""


class ResultsPurged(APIError):
    """The texts and results were deleted when their time was over (410)."""


class TooManyRequests(APIError):
    """The queue is full or a quota used up (429)."""

    is_passing = True
    message = "too_many_requests"


class ServiceFailed(APIError):
    """The service made a mistake (500)."""

    message = "service_failed"


class ServiceUnavailable(APIError):
    """The service cannot answer right now (408, 502, 503, 504, 507)."""

    is_passing = True
    message = "service_unavailable"


_BY_STATUS: dict[int, type[APIError]] = {
    HTTPStatus.UNAUTHORIZED: KeyRefused,
    HTTPStatus.FORBIDDEN: ScopeMissing,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_TIMEOUT: ServiceUnavailable,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: ResultsPurged,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequests,
    HTTPStatus.BAD_GATEWAY: ServiceUnavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: ServiceUnavailable,
    HTTPStatus.GATEWAY_TIMEOUT: ServiceUnavailable,
    HTTPStatus.INSUFFICIENT_STORAGE: ServiceUnavailable,
}


def make_api_error(problem: Problem, retry_after_seconds: float | None) -> APIError:
    """Return the error of the class that the problem's status stands for."""
    server_side = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _BY_STATUS.get(problem.status, ServiceFailed if server_side else RequestRefused)
    return kind(problem, retry_after_seconds)
