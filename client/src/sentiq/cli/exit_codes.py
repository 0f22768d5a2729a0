"""What a script can tell from the exit code; docs/client.md explains them to people."""

from enum import IntEnum

from sentiq.errors import (
    APIError,
    ConnectionFailed,
    FormatUnavailable,
    InputUnusable,
    KeyRefused,
    NotFound,
    OutputUnwritable,
    ScopeMissing,
    SentiqError,
    ServiceFailed,
    TextFailed,
    WaitTimedOut,
)


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    UNEXPECTED = 1  # a mistake of the client's or the service's
    USAGE = 2  # nothing was submitted
    REFUSED = 3  # the same again is refused again
    NOT_ALLOWED = 4  # the key
    NOT_FOUND = 5
    TRY_AGAIN = 6  # nothing is wrong with it, only the moment
    NOT_COMPLETED = 7  # the job was cancelled or has expired
    TEXTS_FAILED = 8  # with --strict
    TIMED_OUT = 9  # the job goes on
    NOT_WRITTEN = 10
    INTERRUPTED = 130  # as shells say it: 128 + SIGINT


def find_exit_code(error: SentiqError) -> ExitCode:
    """Return the exit code of the error."""
    if isinstance(error, APIError) and error.should_retry:
        return ExitCode.TRY_AGAIN
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)


_CODES: tuple[tuple[type[SentiqError], ExitCode], ...] = (
    (InputUnusable, ExitCode.USAGE),
    (FormatUnavailable, ExitCode.REFUSED),
    (OutputUnwritable, ExitCode.NOT_WRITTEN),
    (ConnectionFailed, ExitCode.TRY_AGAIN),
    (WaitTimedOut, ExitCode.TIMED_OUT),
    (TextFailed, ExitCode.TEXTS_FAILED),
    (KeyRefused, ExitCode.NOT_ALLOWED),
    (ScopeMissing, ExitCode.NOT_ALLOWED),
    (NotFound, ExitCode.NOT_FOUND),
    (ServiceFailed, ExitCode.UNEXPECTED),
    (APIError, ExitCode.REFUSED),
)
