"""Waits for a job, as steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from sentiq.addresses import locate, prefer_wait
from sentiq.answers import parse
from sentiq.errors import WaitTimedOut
from sentiq.models import JobInfo
from sentiq.retrying import RetryPolicy, call
from sentiq.steps import Pause, Request, Steps

MAX_WAIT_SECONDS = 20.0  # how long the service is asked to hold its answer: below what proxies cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How to wait for a job."""

    timeout_seconds: float | None = None  # None: however long it takes
    poll_seconds: float = 1.0
    on_progress: Callable[[JobInfo], None] | None = None  # told the job at first, and whenever it has changed

    def tell(self, job: JobInfo) -> None:
        """Tell whoever follows the job."""
        if self.on_progress is not None:
            self.on_progress(job)


def wait_for(job: JobInfo, wait: Wait, policy: RetryPolicy) -> Steps[JobInfo]:
    """Return the job once it has finished.

    Without `on_progress` the service holds its answer until then; with it, the job is asked for again and again, which
    costs next to nothing as long as nothing has changed (`ETag`).

    Raises:
        WaitTimedOut: it was not done in time.
    """
    deadline = None if wait.timeout_seconds is None else time.monotonic() + wait.timeout_seconds
    etag: str | None = None
    wait.tell(job)
    while not job.is_finished:
        left = MAX_WAIT_SECONDS if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise WaitTimedOut(job, wait.timeout_seconds or 0.0)
        answer = yield from call(_ask_again(job.id, etag, 0.0 if wait.on_progress else left), policy)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            job, etag = parse(JobInfo, answer), answer.headers.get("etag")
            wait.tell(job)
        if not job.is_finished:
            yield Pause(min(wait.poll_seconds, left))
    return job


def _ask_again(job_id: UUID, etag: str | None, wait_seconds: float) -> Request:
    headers = {"If-None-Match": etag} if etag else {}
    seconds = min(wait_seconds, MAX_WAIT_SECONDS)
    return Request("GET", locate(job_id), {}, headers | prefer_wait(seconds), None, seconds)
