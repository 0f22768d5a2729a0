"""Queries on the deliveries of events that need no claim: list them, find what is due, send them once more.

What couriers do is in `delivery_claims.py`; how deliveries come about, in `outbox.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, literal_column, select, update
from sqlalchemy.orm import Session

from shared.errors import DeliveryNotFound
from shared.models import Delivery, DeliveryAttempt
from shared.states import DeliveryState

# Literals, not parameters: only so does a database see that a partial index holds the rows.
IS_PENDING: ColumnElement[bool] = Delivery.state == literal_column("'pending'")
HAS_FAILED: ColumnElement[bool] = Delivery.state == literal_column("'failed'")
MAX_ATTEMPTS = 1_000  # then it is not sent once more: nothing that repeats itself for ever may fill the log
LISTED_ATTEMPTS = 50


def list_due(session: Session, due_before: datetime, *, limit: int, per_receiver: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries that were due before this moment and that no courier holds.

    First the oldest of each receiver, then the second of each, and so on up to `per_receiver`: a long line at one hides
    nobody else's.
    """
    place = func.row_number().over(partition_by=Delivery.receiver, order_by=Delivery.next_attempt_at)
    due = select(Delivery.id, Delivery.next_attempt_at, place.label("place")).where(is_due(due_before)).subquery()
    query = (
        select(due.c.id).where(due.c.place <= per_receiver).order_by(due.c.place, due.c.next_attempt_at).limit(limit)
    )
    return session.scalars(query).all()


def list_due_at(session: Session, receiver: str, now: datetime, limit: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries that are due at this receiver and that no courier holds, oldest first."""
    query = (
        select(Delivery.id)
        .where(Delivery.receiver == receiver, is_due(now))
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
    )
    return session.scalars(query).all()


def find_receiver(session: Session, delivery_id: UUID, now: datetime) -> str | None:
    """Return whose turn it is when this delivery is due and no courier holds it, or None when that is not so."""
    return session.scalar(select(Delivery.receiver).where(Delivery.id == delivery_id, is_due(now)))


def find_oldest_due(session: Session, now: datetime) -> datetime | None:
    """Return since when the first delivery has been due that no courier holds, or None if none is."""
    return session.scalar(select(func.min(Delivery.next_attempt_at)).where(is_due(now)))


def is_due(moment: datetime) -> ColumnElement[bool]:
    """Return the condition on deliveries that no courier holds although their time has come."""
    return and_(IS_PENDING, Delivery.claim_token.is_(None), Delivery.next_attempt_at <= moment)


def list_deliveries(session: Session, job_id: UUID, *, limit: int, after: UUID | None = None) -> Sequence[Delivery]:
    """Return up to `limit` deliveries of a job behind the delivery `after`, oldest first."""
    query = select(Delivery).where(Delivery.job_id == job_id).order_by(Delivery.id).limit(limit)
    if after is not None:
        query = query.where(Delivery.id > after)
    return session.scalars(query).all()


def list_endpoint_deliveries(
    session: Session, endpoint_id: UUID, *, limit: int, before: UUID | None, state: DeliveryState | None
) -> Sequence[Delivery]:
    """Return up to `limit` deliveries to an endpoint, newest first, older than the delivery `before`."""
    query = select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(Delivery.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Delivery.id < before)
    if state is not None:
        query = query.where(Delivery.state == state)
    return session.scalars(query).all()


def list_attempts(session: Session, delivery_ids: Collection[UUID]) -> dict[UUID, list[DeliveryAttempt]]:
    """Return the last fifty attempts at each of these deliveries, first to last."""
    query = (
        select(DeliveryAttempt)
        .join(Delivery, Delivery.id == DeliveryAttempt.delivery_id)
        .where(Delivery.id.in_(delivery_ids), DeliveryAttempt.number > Delivery.attempt_count - LISTED_ATTEMPTS)
        .order_by(DeliveryAttempt.delivery_id, DeliveryAttempt.number)
    )
    attempts: dict[UUID, list[DeliveryAttempt]] = defaultdict(list)
    for attempt in session.scalars(query):
        attempts[attempt.delivery_id].append(attempt)
    return attempts


def lock_delivery(session: Session, tenant_id: int, delivery_id: UUID) -> Delivery:
    """Return the tenant's delivery, locked until the transaction ends.

    Raises:
        DeliveryNotFound: it has none with this id.
    """
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.tenant_id == tenant_id).with_for_update()
    delivery = session.scalars(query).one_or_none()
    if delivery is None:
        raise DeliveryNotFound(f"There is no delivery {delivery_id}.")
    return delivery


def list_failed(session: Session, endpoint_id: UUID, since: datetime, limit: int) -> Sequence[UUID]:
    """Return up to `limit` deliveries to an endpoint that were given up since this moment, the oldest event first.

    Without those that may not be sent once more.
    """
    is_wanted = and_(HAS_FAILED, Delivery.finished_at >= since, Delivery.attempt_count < MAX_ATTEMPTS)
    query = select(Delivery.id).where(Delivery.endpoint_id == endpoint_id, is_wanted)
    return session.scalars(query.order_by(Delivery.id).limit(limit)).all()


def send_again(session: Session, delivery_ids: Collection[UUID], now: datetime) -> None:
    """Make these deliveries due at once and with all their attempts ahead, except those that a courier is just at."""
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.claim_token.is_(None))
        .values(
            state=DeliveryState.PENDING,
            finished_at=None,
            next_attempt_at=now,
            earlier_attempts=Delivery.attempt_count,
        )
        .execution_options(synchronize_session=False)
    )


def give_up_waiting(session: Session, endpoint_id: UUID, now: datetime) -> None:
    """Give up what waits for an endpoint; what a courier is just at comes to its own end."""
    session.execute(
        update(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, IS_PENDING, Delivery.claim_token.is_(None))
        .values(state=DeliveryState.FAILED, finished_at=now, next_attempt_at=None)
        .execution_options(synchronize_session=False)
    )


def delete_old_tests(session: Session, before: datetime, limit: int) -> None:
    """Delete up to `limit` settled test events from before this moment, which go with no job."""
    old = (
        select(Delivery.id)
        .where(Delivery.job_id.is_(None), Delivery.finished_at < before)
        .limit(limit)
        .scalar_subquery()
    )
    session.execute(delete(Delivery).where(Delivery.id.in_(old)).execution_options(synchronize_session=False))
