"""Reads all results of a job, page by page, each in a short transaction of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Core
from api.export_errors import ServiceStopping
from api.exports.columns import SAMPLED_ROWS, Columns, choose_columns
from api.services.following import check_readable
from shared.models import Job
from shared.queries import jobs, texts, workers
from shared.states import TextState

PAGE_ROWS = 2_000
# A page holds no more than this and a few rows, however long the texts are.
PAGE_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which results of a job: those behind the index `after`, in one state or in any, and how many at most."""

    after: int = -1
    state: TextState | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """The results of a job on their way out."""

    job: Job
    columns: Columns
    row_count: int  # as many rows at most
    pages: Iterator[list[Row[Any]]]


def open_export(core: Core, tenant_id: int, job_id: UUID, selection: Selection) -> Export:
    """Return the export of these results of the texts that have arrived; all but its columns is read as it is taken.

    Whoever takes the pages may be told on the way that the job is gone, by the same errors.

    Raises:
        JobNotFound: the tenant has none with this id.
        ResultsPurged: their time is over.
    """
    with core.database.reading() as session:
        # Always from the beginning, so that the rest of a broken download has the columns of its first part.
        sample = texts.list_results_within(
            session, tenant_id, job_id, after=-1, max_rows=SAMPLED_ROWS, max_chars=PAGE_CHARS
        )
        job = check_readable(core, jobs.get_job(session, tenant_id, job_id))
        model = workers.find_served_model(session, job.model)
    columns = choose_columns(sample, model.labels if model else (), is_whole=len(sample) == job.total_count)
    return Export(job, columns, _count_rows(job, selection), _read_pages(core, job, selection))


def _count_rows(job: Job, selection: Selection) -> int:
    if selection.state is None:
        count = max(0, job.total_count - selection.after - 1)
    else:
        count = int(getattr(job, f"{selection.state}_count"))
    return count if selection.limit is None else min(count, selection.limit)


def _read_pages(core: Core, job: Job, selection: Selection) -> Iterator[list[Row[Any]]]:
    after, left = selection.after, selection.limit
    while rows := _read_page(core, job, after, selection.state, PAGE_ROWS if left is None else min(left, PAGE_ROWS)):
        yield rows
        after = rows[-1].position
        left = None if left is None else left - len(rows)


def _read_page(core: Core, job: Job, after: int, state: TextState | None, max_rows: int) -> list[Row[Any]]:
    if core.room.is_closing:
        raise ServiceStopping
    with core.database.reading() as session:
        rows = texts.list_results_within(
            session, job.tenant_id, job.id, after=after, max_rows=max_rows, max_chars=PAGE_CHARS, state=state
        )
        # Only now: had the job been removed before its rows were read, their absence would look like their end.
        check_readable(core, jobs.get_job(session, job.tenant_id, job.id))
    # What has arrived since the columns were chosen might not fit into them.
    return [row for row in rows if row.position < job.total_count]
