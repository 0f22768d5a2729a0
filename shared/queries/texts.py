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
from shared.states import Lane, TextState
from shared.tenants import Tenant

INSERT_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class NewText:
    """One text as the caller gave it."""

    text: str
    client_id: str | None = None
    metadata: Mapping[str, Any] | None = None


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
) -> None:
    """Insert the texts as queued rows, a thousand at a time."""
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
            "state": TextState.QUEUED,
            "queued_at": now,
        }
        for position, new in enumerate(texts)
    )
    while chunk := list(islice(rows, INSERT_ROWS)):
        session.connection().execute(_INSERT, chunk)


_INSERT = insert(TEXTS)


def list_results(
    session: Session, tenant_id: int, job_id: UUID, *, limit: int, after: int = -1, state: TextState | None = None
) -> Sequence[Row[Any]]:
    """Return up to `limit` texts of a tenant's job behind position `after`, in input order, whatever their state."""
    values = {"tenant": tenant_id, "job": job_id, "after": after, "limit": limit}
    if state is None:
        return session.connection().execute(_RESULTS, values).all()
    return session.connection().execute(_RESULTS_IN_STATE, values | {"state": state}).all()


_RESULTS: Select[Any] = (
    select(
        TEXTS.c.position,
        TEXTS.c.client_id,
        TEXTS.c.text,
        TEXTS.c.metadata.label("details"),
        TEXTS.c.state,
        TEXTS.c.label,
        TEXTS.c.score,
        TEXTS.c.scores,
        TEXTS.c.token_count,
        TEXTS.c.window_count,
        TEXTS.c.model_version,
        TEXTS.c.error_code,
        TEXTS.c.error_detail,
    )
    .where(
        TEXTS.c.job_id == bindparam("job"),
        TEXTS.c.tenant_id == bindparam("tenant"),
        TEXTS.c.position > bindparam("after"),
    )
    .order_by(TEXTS.c.position)
    .limit(bindparam("limit", type_=Integer))
)
_RESULTS_IN_STATE = _RESULTS.where(TEXTS.c.state == bindparam("state"))


def cancel_queued(
    session: Session, job_ids: Collection[UUID], now: datetime, limit: int | None = None
) -> Counter[UUID]:
    """Cancel what no worker has claimed or is just claiming of these jobs; return how many texts of each that were."""
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
        .returning(TextRow.job_id)
        .execution_options(synchronize_session=False)
    )
    return Counter(cancelled.scalars())
