"""Follows a job to its end: the progress bar, and how many texts have which label so far."""

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn

from sentiq.cli.console import make_progress_console, say
from sentiq.jobs import Job
from sentiq.models import FINISHED_TEXT_STATES, JobInfo, Label, ResultPage

TALLY_SECONDS = 2.0  # between two looks at the results
PAGES_AT_ONCE = 40
MIN_RATE_SECONDS = 1.0


class LabelTally:
    """Counts labels from the front of the results, page by page, each whole page once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._settled: Counter[Label] = Counter()
        self._last_page: Counter[Label] = Counter()  # of the page that is not settled yet, and is read again
        self._cursor: str | None = None
        self._is_over = False

    @property
    def counts(self) -> Counter[Label]:
        """How many texts have which label, as far as the results were read."""
        return self._settled + self._last_page

    def advance(self, pages: int) -> None:
        """Read on, so many pages at most."""
        for _ in range(pages):
            if self._is_over or not self._take(self._job.results_page(self._cursor)):
                return

    def finish(self) -> None:
        """Read on to the end of a job that has finished."""
        while not self._is_over and self._take(self._job.results_page(self._cursor)):
            pass

    def _take(self, page: ResultPage) -> bool:
        """Count the page; return whether another follows that is worth while."""
        labels = Counter(result.label for result in page.data if result.label is not None)
        if page.next_cursor is None or any(result.state not in FINISHED_TEXT_STATES for result in page.data):
            self._last_page = labels
            self._is_over = page.next_cursor is None and self._job.is_finished
            return False
        self._settled, self._last_page, self._cursor = self._settled + labels, Counter(), page.next_cursor
        return True


class ProgressView:
    """Shows on a terminal how far a submission is; says nothing elsewhere."""

    def __init__(self) -> None:
        console = make_progress_console()
        self._is_shown = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[extra]}"),
            console=console,
            transient=True,
            redirect_stdout=False,  # else what goes into a pipe would land on the terminal, among the progress
        )
        self._task = self._progress.add_task(say("uploading"), total=None, done="", extra="")
        self._began: tuple[float, int] | None = None  # when the job was first seen, and how much was done then

    def __enter__(self) -> Self:
        if self._is_shown:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Show nothing more: what is told from now on is not broken into the lines of the terminal."""
        if self._is_shown:  # else it would write an empty line
            self._progress.stop()

    def show_upload(self, sent: int, size: int | None) -> None:
        """Show how many bytes were sent."""
        done = f"{sent / 1e6:.1f} MB" + (f" / {size / 1e6:.1f} MB" if size else "")
        self._progress.update(self._task, completed=sent, total=size, done=done)

    def show_job(self, job: JobInfo, labels: Counter[Label]) -> None:
        """Show how many texts are done, how fast, how long it will take, and how they feel."""
        parts = []
        rate = job.texts_per_second or self._measure_rate(job)
        if rate:
            parts.append(say("rate", rate=f"{rate:,.0f}"))
        if job.eta_seconds is not None and not job.is_finished:
            parts.append(say("eta", eta=format_seconds(job.eta_seconds)))
        parts += [f"{say(label.value)} {count:,}" for label, count in labels.most_common()]
        self._progress.update(
            self._task,
            description=say(job.state.value),
            completed=job.counts.finished,
            total=max(job.counts.total, 1),
            done=f"{job.counts.finished:,} / {job.counts.total:,}" + ("+" if job.receiving else ""),
            extra=" · ".join(parts),
        )

    def _measure_rate(self, job: JobInfo) -> float | None:
        now, done = time.monotonic(), job.counts.finished
        if self._began is None:
            self._began = (now, done)
        seconds = now - self._began[0]
        return (done - self._began[1]) / seconds if seconds >= MIN_RATE_SECONDS else None


def follow(job: Job, view: ProgressView, timeout: float | None) -> LabelTally:
    """Return when the job has finished, with its labels counted.

    Raises:
        WaitTimedOut: it was not done in time.
    """
    tally, looked_at = LabelTally(job), 0.0

    def show(info: JobInfo) -> None:
        nonlocal looked_at
        if time.monotonic() - looked_at >= TALLY_SECONDS:
            tally.advance(PAGES_AT_ONCE)
            looked_at = time.monotonic()
        view.show_job(info, tally.counts)

    job.wait(timeout=timeout, on_progress=show)
    if job.info.purged_at is None:
        tally.finish()
    view.show_job(job.info, tally.counts)
    return tally


def format_seconds(seconds: float) -> str:
    """Return a time span as people read it: 45s, 3m20s, 2h05m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3_600}h{whole % 3_600 // 60:02}m"
