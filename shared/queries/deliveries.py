"""Queries on the deliveries of events that need no claim: insert, list, find what is due.

What couriers do is in `delivery_claims.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, insert, select
from sqlalchemy.orm import Session
from uuid6 import uuid7

from shared.events import build_payload, find_event
from shared.models import Delivery, DeliveryAttempt
from shared.states import DeliveryState


def insert_deliveries(session: Session, jobs: Sequence[Row[Any]], now: datetime) -> list[UUID]:
    """Insert a delivery, due at once, for each of these jobs whose webhook wants to hear of it; return their ids.

    The jobs are rows of `shared.events.EVENT_COLUMNS`, changed in this very transaction: no event can be lost.
    """
    rows = [
        {
            "id": UUID(int=uuid7().int),
            "job_id": job.id,
            "url": job.webhook["url"],
            "event": event,
            "payload": build_payload(event, job, now),
            "state": DeliveryState.PENDING,
            "created_at": now,
            "next_attempt_at": now,
        }
        for job in jobs
        if (event := find_event(job)) is not None
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    return [row["id"] for row in rows]


def list_due(session: Session, due_before: datetime, limit: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries that were due before this moment and that no courier holds, oldest first."""
    query = select(Delivery.id).where(_is_due(due_before)).order_by(Delivery.next_attempt_at).limit(limit)
    return session.scalars(query).all()


def find_oldest_due(session: Session, now: datetime) -> datetime | None:
    """Return since when the first delivery has been due that no courier holds, or None if none is."""
    return session.scalar(select(func.min(Delivery.next_attempt_at)).where(_is_due(now)))


def _is_due(moment: datetime) -> ColumnElement[bool]:
    return and_(
        Delivery.state == DeliveryState.PENDING,
        Delivery.claim_token.is_(None),
        Delivery.next_attempt_at < moment,
    )


def list_deliveries(session: Session, job_id: UUID, *, limit: int, after: UUID | None = None) -> Sequence[Delivery]:
    """Return up to `limit` deliveries of a job behind the delivery `after`, oldest first."""
    query = select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.id).limit(limit)
    if after is not None:
        query = query.where(Delivery.id > after)
    return session.scalars(query).all()


def list_attempts(session: Session, delivery_ids: Collection[UUID]) -> dict[UUID, list[DeliveryAttempt]]:
    """Return the attempts at each of these deliveries, first to last."""
    query = (
        select(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id.in_(delivery_ids))
        .order_by(DeliveryAttempt.delivery_id, DeliveryAttempt.number)
    )
    attempts: dict[UUID, list[DeliveryAttempt]] = defaultdict(list)
    for attempt in session.scalars(query):
        attempts[attempt.delivery_id].append(attempt)
    return attempts
