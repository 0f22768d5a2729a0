"""The client for programs that run on asyncio; the same as `client.py`, awaited."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack
from uuid import UUID

import httpx

from sentiq.async_driver import AsyncDriver
from sentiq.async_jobs import AsyncJob
from sentiq.exchange import Timeouts, make_config
from sentiq.handles import make_key
from sentiq.models import JobInfo, JobState, Result
from sentiq.operations import Submission, analyze, cancel_job, delete_job, list_jobs, read_job, score, submit
from sentiq.options import JobOptions, SubmitOptions
from sentiq.retrying import RetryPolicy
from sentiq.uploads import TextInput
from sentiq.webhooks import verify_webhook


class AsyncClient:
    """Talks to one sentiq service; use it in an `async with` block, or call `close`.

    The address comes from `url` or SENTIQ_URL, the key from `api_key` or SENTIQ_API_KEY, as for `Client`.
    """

    verify_webhook = staticmethod(verify_webhook)

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        config = make_config(url, api_key, timeouts, retries)
        self.url, self._policy = config.url, config.retries
        self._driver = AsyncDriver(config, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def analyze(self, text: TextInput, **options: Unpack[JobOptions]) -> Result:
        """Return how one text feels, as `Client.analyze` does."""
        return await self._driver.run(analyze(text, options, make_key(), self._policy))

    async def analyze_many(self, texts: Sequence[TextInput], **options: Unpack[JobOptions]) -> list[Result]:
        """Return the results of some texts in their order, as `Client.analyze_many` does."""
        return await self._driver.run(score(texts, options, make_key(), self._policy))

    async def submit(
        self,
        source: str | Path | Iterable[TextInput],
        *,
        idempotency_key: str | None = None,
        on_upload: Callable[[int, int | None], None] | None = None,
        **options: Unpack[SubmitOptions],
    ) -> AsyncJob:
        """Submit texts, or a file by its path, as one job of any size, as `Client.submit` does.

        `on_upload` is called in another thread.
        """
        submission = Submission(source=source, options=options, key=idempotency_key or make_key(), on_upload=on_upload)
        return self._hold(await self._driver.run(submit(submission, self._policy)))

    async def job(self, job_id: UUID | str) -> AsyncJob:
        """Return the job with this id.

        Raises:
            NotFound: there is none.
        """
        return self._hold(await self._driver.run(read_job(job_id, self._policy)))

    async def jobs(self, state: JobState | None = None) -> AsyncIterator[AsyncJob]:
        """Yield jobs, the newest first."""
        async for info in self._driver.iterate(list_jobs(state, self._policy)):
            yield self._hold(info)

    async def cancel(self, job_id: UUID | str) -> AsyncJob:
        """Cancel what no worker has begun of the job."""
        return self._hold(await self._driver.run(cancel_job(job_id, self._policy)))

    async def delete(self, job_id: UUID | str) -> None:
        """Remove the job with its texts and results, at once and for good."""
        await self._driver.run(delete_job(job_id, self._policy))

    def _hold(self, info: JobInfo) -> AsyncJob:
        return AsyncJob(self._driver, self._policy, info)
