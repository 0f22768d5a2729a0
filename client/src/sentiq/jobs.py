"""A job, as `Client` has it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sentiq.downloads import Download, FileFormat, download, find_format
from sentiq.driver import Driver
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


class Job(JobHandle):
    """A job of the service; `info` is what the service said last, which `refresh` and `wait` renew."""

    def __init__(self, driver: Driver, policy: RetryPolicy, info: JobInfo) -> None:
        super().__init__(info)
        self._driver, self._policy = driver, policy

    def refresh(self) -> JobInfo:
        """Ask how far the job is now."""
        self.info = self._driver.run(read_job(self.id, self._policy))
        return self.info

    def wait(
        self,
        *,
        timeout: float | None = None,
        on_progress: Callable[[JobInfo], None] | None = None,
        poll_seconds: float = 1.0,
    ) -> Self:
        """Return when the job has finished: look at `state` then, it may be cancelled or expired.

        Raises:
            WaitTimedOut: it was not done within `timeout` seconds; it goes on.
        """
        wait = Wait(timeout_seconds=timeout, on_progress=on_progress, poll_seconds=poll_seconds)
        self.info = self._driver.run(wait_for(self.info, wait, self._policy))
        return self

    def results(self, *, state: TextState | None = None, after: int | None = None) -> Iterator[Result]:
        """Yield results in input order as they arrive, never all in memory; also while the job still runs.

        A connection that breaks is made anew and goes on where it was. With `after`, begin behind that index.
        """
        return self._driver.iterate(stream_results(self._select(state, after), self._policy))

    def results_page(self, cursor: str | None = None) -> ResultPage:
        """Return up to 250 results; the page behind `cursor`, which the page before it names."""
        return self._driver.run(read_results_page(self.id, self._policy, cursor))

    def download(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        state: TextState | None = None,
        bom: bool = False,
    ) -> Path:
        """Write the results to a file, whole or not at all; its name tells the format, or `file_format` does."""
        target = Path(path)
        chosen = file_format or find_format(target)
        with replace_when_whole(target) as file:
            wanted = Download(
                job_id=self.id, file=file, file_format=chosen, state=state, total=self._settled_total, bom=bom
            )
            self._driver.run(download(wanted, self._policy))
        return target

    def to_pandas(self) -> "pd.DataFrame":
        """Return the results as a data frame, the caller's own columns first; needs pandas."""
        return make_frame(self.results())

    def cancel(self) -> JobInfo:
        """Cancel what no worker has begun; what is scored stays."""
        self.info = self._driver.run(cancel_job(self.id, self._policy))
        return self.info

    def delete(self) -> None:
        """Remove the job with its texts and results, at once and for good."""
        self._driver.run(delete_job(self.id, self._policy))
