"""The client for ordinary programs; `async_client.py` has the same for asyncio."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack
from uuid import UUID

import httpx

from sentiq.driver import Driver
from sentiq.exchange import Timeouts, make_config
from sentiq.handles import make_key
from sentiq.jobs import Job
from sentiq.models import JobInfo, JobState, Result
from sentiq.operations import Submission, analyze, cancel_job, delete_job, list_jobs, read_job, score, submit
from sentiq.options import JobOptions, SubmitOptions
from sentiq.retrying import RetryPolicy
from sentiq.uploads import TextInput
from sentiq.webhooks import verify_webhook


class Client:
    """Talks to one sentiq service; use it in a `with` block, or call `close`.

    The address comes from `url` or SENTIQ_URL, the key from `api_key` or SENTIQ_API_KEY. What fails in passing is tried
    again as `retries` says, and a submission that is sent again never makes a second job.
    """

    verify_webhook = staticmethod(verify_webhook)

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        config = make_config(url, api_key, timeouts, retries)
        self.url, self._policy = config.url, config.retries
        self._driver = Driver(config, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def analyze(self, text: TextInput, **options: Unpack[JobOptions]) -> Result:
        """Return how one text feels.

        Raises:
            TextFailed: the service could not score it.
        """
        return self._driver.run(analyze(text, options, make_key(), self._policy))

    def analyze_many(self, texts: Sequence[TextInput], **options: Unpack[JobOptions]) -> list[Result]:
        """Return the results of some texts, up to a thousand or so, in their order; a text may have failed."""
        return self._driver.run(score(texts, options, make_key(), self._policy))

    def submit(
        self,
        source: str | Path | Iterable[TextInput],
        *,
        idempotency_key: str | None = None,
        on_upload: Callable[[int, int | None], None] | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Job:
        """Submit texts, or a file by its path, as one job of any size; return once they are all stored.

        A key of your own lets another process take up a submission that was broken off; it must be new for each.
        """
        submission = Submission(source=source, options=options, key=idempotency_key or make_key(), on_upload=on_upload)
        return self._hold(self._driver.run(submit(submission, self._policy)))

    def job(self, job_id: UUID | str) -> Job:
        """Return the job with this id.

        Raises:
            NotFound: there is none.
        """
        return self._hold(self._driver.run(read_job(job_id, self._policy)))

    def jobs(self, state: JobState | None = None) -> Iterator[Job]:
        """Yield jobs, the newest first."""
        return map(self._hold, self._driver.iterate(list_jobs(state, self._policy)))

    def cancel(self, job_id: UUID | str) -> Job:
        """Cancel what no worker has begun of the job."""
        return self._hold(self._driver.run(cancel_job(job_id, self._policy)))

    def delete(self, job_id: UUID | str) -> None:
        """Remove the job with its texts and results, at once and for good."""
        self._driver.run(delete_job(job_id, self._policy))

    def _hold(self, info: JobInfo) -> Job:
        return Job(self._driver, self._policy, info)
