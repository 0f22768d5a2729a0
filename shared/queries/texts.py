"""Queries on texts that callers trigger: insert, list, cancel. What workers do is in `claims.py`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from shared.models import TextRow
from shared.states import Lane, TextState

INSERT_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class NewText:
    """One text as the caller gave it."""

    text: str
    client_id: str | None = None
    metadata: Mapping[str, Any] | None = None


def insert_texts(
    session: Session, job_id: UUID, texts: Sequence[NewText], *, model: str, lane: Lane, now: datetime
) -> None:
    """Insert the texts as queued rows, a thousand at a time."""
    rows: Iterator[dict[str, Any]] = (
        {
            "job_id": job_id,
            "position": position,
            "client_id": new.client_id,
            "text": new.text,
            "details": new.metadata,
            "char_count": len(new.text),
            "model": model,
            "lane": lane,
            "state": TextState.QUEUED,
            "queued_at": now,
        }
        for position, new in enumerate(texts)
    )
    while chunk := list(islice(rows, INSERT_ROWS)):
        session.execute(insert(TextRow), chunk)


RESULT_COLUMNS = (
    TextRow.position,
    TextRow.client_id,
    TextRow.text,
    TextRow.details,
    TextRow.state,
    TextRow.label,
    TextRow.score,
    TextRow.scores,
    TextRow.token_count,
    TextRow.window_count,
    TextRow.model_version,
    TextRow.error_code,
    TextRow.error_detail,
)


def list_results(
    session: Session, job_id: UUID, *, limit: int, after: int = -1, state: TextState | None = None
) -> Sequence[Row[Any]]:
    """Return up to `limit` texts of a job behind position `after`, in input order, whatever their state."""
    query = (
        select(*RESULT_COLUMNS)
        .where(TextRow.job_id == job_id, TextRow.position > after)
        .order_by(TextRow.position)
        .limit(limit)
    )
    if state is not None:
        query = query.where(TextRow.state == state)
    return session.execute(query).all()


def cancel_queued(session: Session, job_id: UUID, now: datetime) -> int:
    """Cancel what no worker has claimed or is just claiming of a job; return how many texts that were."""
    queued = (
        select(TextRow.id)
        .where(TextRow.job_id == job_id, TextRow.state == TextState.QUEUED)
        .with_for_update(skip_locked=True)
    )
    cancelled = session.execute(
        update(TextRow)
        .where(TextRow.id.in_(queued))
        .values(state=TextState.CANCELLED, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(cancelled.rowcount)  # type: ignore[attr-defined]
