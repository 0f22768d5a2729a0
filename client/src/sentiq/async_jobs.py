"""A job, as `AsyncClient` has it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sentiq.async_driver import AsyncDriver
from sentiq.downloads import Download, FileFormat, download, find_format
from sentiq.files import replace_when_whole
from sentiq.handles import JobHandle
from sentiq.models import JobInfo, Result, ResultPage, TextState
from sentiq.operations import cancel_job, delete_job, read_job, read_results_page
from sentiq.retrying import RetryPolicy
from sentiq.rows import make_frame
from sentiq.streams import stream_results
from sentiq.waiting import Wait, wait_for

if TYPE_CHECKING:
    import pandas as pd


class AsyncJob(JobHandle):
    """A job of the service; `info` is what the service said last, which `refresh` and `wait` renew."""

    def __init__(self, driver: AsyncDriver, policy: RetryPolicy, info: JobInfo) -> None:
        super().__init__(info)
        self._driver, self._policy = driver, policy

    async def refresh(self) -> JobInfo:
        """Ask how far the job is now."""
        self.info = await self._driver.run(read_job(self.id, self._policy))
        return self.info

    async def wait(
        self,
        *,
        timeout: float | None = None,
        on_progress: Callable[[JobInfo], None] | None = None,
        poll_seconds: float = 1.0,
    ) -> Self:
        """Return when the job has finished, as `Job.wait` does."""
        wait = Wait(timeout_seconds=timeout, on_progress=on_progress, poll_seconds=poll_seconds)
        self.info = await self._driver.run(wait_for(self.info, wait, self._policy))
        return self

    def results(self, *, state: TextState | None = None, after: int | None = None) -> AsyncIterator[Result]:
        """Yield results in input order as they arrive, as `Job.results` does."""
        return self._driver.iterate(stream_results(self._select(state, after), self._policy))

    async def results_page(self, cursor: str | None = None) -> ResultPage:
        """Return up to 250 results, as `Job.results_page` does."""
        return await self._driver.run(read_results_page(self.id, self._policy, cursor))

    async def download(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        state: TextState | None = None,
        bom: bool = False,
    ) -> Path:
        """Write the results to a file, as `Job.download` does; the writes themselves hold up the event loop."""
        target = Path(path)
        chosen = file_format or find_format(target)
        with replace_when_whole(target) as file:
            wanted = Download(
                job_id=self.id, file=file, file_format=chosen, state=state, total=self._settled_total, bom=bom
            )
            await self._driver.run(download(wanted, self._policy))
        return target

    async def to_pandas(self) -> "pd.DataFrame":
        """Return the results as a data frame, the caller's own columns first; needs pandas."""
        make_frame([])  # if pandas is not there, that is better said before all is read
        return make_frame([result async for result in self.results()])

    async def cancel(self) -> JobInfo:
        """Cancel what no worker has begun; what is scored stays."""
        self.info = await self._driver.run(cancel_job(self.id, self._policy))
        return self.info

    async def delete(self) -> None:
        """Remove the job with its texts and results, at once and for good."""
        await self._driver.run(delete_job(self.id, self._policy))
