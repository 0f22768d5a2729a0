"""Queries on texts that callers trigger: insert, list, cancel. What workers do is in `claims.py`."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, Select, bindparam, insert, select, update
from sqlalchemy.orm import Session

from shared.models import TEXTS, TextRow
from shared.queries.bulk import BULK_ROWS, store_many
from shared.queries.outcomes import TEXTS_WITH_OUTCOMES, get_outcome
from shared.states import COPIED, ErrorCode, Lane, TextState
from shared.tenants import Tenant

INSERT_ROWS = 1_000
FETCHED_ROWS = 100


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row of a file is no text that could be scored."""

    code: ErrorCode
    detail: str
    line: int  # of the file, from 1


@dataclass(frozen=True, slots=True)
class NewText:
    """One text as the caller gave it."""

    text: str
    client_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    error: RowError | None = None  # it has failed before it could wait
    copy_of: int | None = None  # the position of the equal text before it whose outcome it has
    copy_count: int = 0  # how many equal texts behind it have its outcome

    @property
    def state(self) -> str:
        """Return what is stored as its state."""
        if self.error is not None:
            return TextState.FAILED
        return TextState.QUEUED if self.copy_of is None else COPIED


def insert_texts(
    session: Session,
    job_id: UUID,
    texts: Sequence[NewText],
    *,
    model: str,
    lane: Lane,
    now: datetime,
    neutral_threshold: float | None = None,
    deadline_at: datetime | None = None,
    tenant_id: int = Tenant.LOCAL,
    first_position: int = 0,
) -> None:
    """Insert the texts as rows from `first_position` on, a thousand at a time; those without an error are queued."""
    rows: Iterator[dict[str, Any]] = (
        {
            "job_id": job_id,
            "tenant_id": tenant_id,
            "position": position,
            "client_id": new.client_id,
            "text": new.text,
            "metadata": new.metadata,
            "char_count": len(new.text),
            "model": model,
            "lane": lane,
            "neutral_threshold": neutral_threshold,
            "deadline_at": deadline_at,
            "state": new.state,
            "queued_at": now,
            "copy_of": new.copy_of,
            "copy_count": new.copy_count,
            "attempts": 0,
            **(_NO_ERROR if new.error is None else _store_error(new.error, now)),
        }
        for position, new in enumerate(texts, first_position)
    )
    while chunk := list(islice(rows, INSERT_ROWS)):
        if len(chunk) >= BULK_ROWS:
            store_many(session, chunk)
        else:
            session.connection().execute(_INSERT, chunk)


_INSERT = insert(TEXTS)
_NO_ERROR = {"finished_at": None, "error_code": None, "error_detail": None, "error_line": None}


def _store_error(error: RowError, now: datetime) -> dict[str, Any]:
    return {"finished_at": now, "error_code": error.code, "error_detail": error.detail, "error_line": error.line}


def list_results(
    session: Session, tenant_id: int, job_id: UUID, *, limit: int, after: int = -1, state: TextState | None = None
) -> Sequence[Row[Any]]:
    """Return up to `limit` texts of a tenant's job behind position `after`, in input order, whatever their state."""
    values = {"tenant": tenant_id, "job": job_id, "after": after, "limit": limit}
    if state is None:
        return session.connection().execute(_RESULTS, values).all()
    return session.connection().execute(_RESULTS_IN_STATE, values | {"state": state}).all()


def list_results_within(
    session: Session,
    tenant_id: int,
    job_id: UUID,
    *,
    after: int,
    max_rows: int,
    max_chars: int,
    state: TextState | None = None,
) -> list[Row[Any]]:
    """Return the next texts of a tenant's job behind position `after`, in input order: at least one, if there is one.

    They end after `max_rows`, or as soon as they have `max_chars` characters, metadata counted: rows are fetched a few
    at a time, so that a page of the longest texts takes no more memory than one of the shortest.
    """
    values: dict[str, Any] = {"tenant": tenant_id, "job": job_id, "after": after, "limit": max_rows}
    statement = _RESULTS if state is None else _RESULTS_IN_STATE
    found: list[Row[Any]] = []
    chars = 0
    if state is not None:
        values["state"] = state
    with session.connection().execute(statement, values, execution_options=_FEW_AT_A_TIME) as result:
        for rows in result.partitions(FETCHED_ROWS):
            found += rows
            chars += sum(map(_measure_chars, rows))
            if chars >= max_chars:
                break
    return found


# Without these the driver for PostgreSQL would hold the whole page.
_FEW_AT_A_TIME = {"stream_results": True, "max_row_buffer": FETCHED_ROWS}


def _measure_chars(row: Row[Any]) -> int:
    values = row.details.values() if row.details else ()
    return len(row.text) + sum(len(value) for value in values if isinstance(value, str))


_RESULTS: Select[Any] = (
    select(
        TEXTS.c.position,
        TEXTS.c.client_id,
        TEXTS.c.text,
        TEXTS.c.metadata.label("details"),
        *map(
            get_outcome,
            (
                "state",
                "label",
                "score",
                "scores",
                "token_count",
                "window_count",
                "model_version",
                "error_code",
                "error_detail",
                "error_line",
            ),
        ),
    )
    .select_from(TEXTS_WITH_OUTCOMES)
    .where(
        TEXTS.c.job_id == bindparam("job"),
        TEXTS.c.tenant_id == bindparam("tenant"),
        TEXTS.c.position > bindparam("after"),
    )
    .order_by(TEXTS.c.position)
    .limit(bindparam("limit", type_=Integer))
)
_RESULTS_IN_STATE = _RESULTS.where(get_outcome("state") == bindparam("state"))


def cancel_queued(
    session: Session, job_ids: Collection[UUID], now: datetime, limit: int | None = None
) -> Counter[UUID]:
    """Cancel what no worker has claimed or is just claiming of these jobs; return how many texts of each that were.

    With each goes what shares its outcome, so that they may be more than the limit.
    """
    queued = (
        select(TextRow.id)
        .where(TextRow.job_id.in_(job_ids), TextRow.state == TextState.QUEUED)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    cancelled = session.execute(
        update(TextRow)
        .where(TextRow.id.in_(queued))
        .values(state=TextState.CANCELLED, finished_at=now)
        .returning(TextRow.job_id, TextRow.copy_count)
        .execution_options(synchronize_session=False)
    )
    counts: Counter[UUID] = Counter()
    for job_id, copy_count in cancelled:
        counts[job_id] += 1 + copy_count
    return counts
