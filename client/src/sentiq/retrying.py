"""When a request is sent again, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from sentiq.answers import check_answer
from sentiq.errors import APIError, ConnectionFailed, SentiqError
from sentiq.steps import Answer, Open, Pause, Request, Steps, send


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient the client is; the defaults outlast a restart of the service (they try for about a minute)."""

    attempts: int = 8
    first_pause_seconds: float = 0.5  # doubled at each failure
    longest_pause_seconds: float = 30.0
    # A longer Retry-After is not sat out: the error is raised, and names it.
    longest_retry_after_seconds: float = 120.0
    on_retry: Callable[[SentiqError, float], None] | None = None  # told what failed, and the seconds until the next try

    def plan_pause(self, error: SentiqError, failures: int) -> float:
        """Return in how many seconds to try again after so many failures in a row, never sooner than was asked.

        Raises:
            SentiqError: the error itself, when trying again is of no use.
        """
        if not should_retry(error) or failures >= self.attempts:
            raise error
        asked = (error.retry_after_seconds if isinstance(error, APIError) else None) or 0.0
        if asked > self.longest_retry_after_seconds:
            raise error
        longest = min(self.first_pause_seconds * 2.0 ** (failures - 1), self.longest_pause_seconds)
        # Half of it at random, so that many clients do not come back at once; also on top of what was asked.
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  (no secret hangs on it)
        return max(longest * jitter, asked + min(longest, 1.0) * (jitter - 0.5) if asked else 0.0)


def should_retry(error: SentiqError) -> bool:
    """Return whether the same request may succeed a little later."""
    return isinstance(error, ConnectionFailed) or (isinstance(error, APIError) and error.should_retry)


def pause_after(error: SentiqError, failures: int, policy: RetryPolicy) -> Steps[None]:
    """Wait before the next try, and tell whoever wants to know.

    Raises:
        SentiqError: the error itself, when trying again is of no use.
    """
    seconds = policy.plan_pause(error, failures)
    if policy.on_retry is not None:
        policy.on_retry(error, seconds)
    yield Pause(seconds)


def call(request: Request, policy: RetryPolicy) -> Steps[Answer]:
    """Send the request until there is an answer that is no error.

    Every request of this client may safely be sent twice: those that make something carry an idempotency key.

    Raises:
        SentiqError: what the service said, or that it did not answer.
    """
    return (yield from _try_until_answered(request, policy))


def open_stream(request: Request, policy: RetryPolicy) -> Steps[Answer]:
    """Send the request until an answer begins that is no error; its body is read by `Read`."""
    return (yield from _try_until_answered(Open(request), policy))


def _try_until_answered(step: Request | Open, policy: RetryPolicy) -> Steps[Answer]:
    failures = 0
    while True:
        try:
            return _check_outcome((yield from send(step)))
        except SentiqError as err:
            failures += 1
            err.attempts = failures
            error = err
        yield from pause_after(error, failures, policy)


def _check_outcome(outcome: Answer | ConnectionFailed) -> Answer:
    if isinstance(outcome, ConnectionFailed):
        raise outcome
    return check_answer(outcome)
