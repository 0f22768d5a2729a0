"""Queries that move deliveries through a courier: claim, settle, and take back what a dead courier held.

Every change is fenced as those of texts are (`claims.py`): it names the claim's token and the state it expects.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, null, select, update
from sqlalchemy.orm import Session

from shared.models import Delivery, DeliveryAttempt
from shared.states import DeliveryState

INTERRUPTED = "The courier stopped before it knew the outcome."


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this courier, and no other, may settle while its lease lasts."""

    id: UUID
    url: str
    payload: dict[str, Any]
    attempt: int  # from 1
    token: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: the receiver's answer, or why there was none."""

    status_code: int | None = None
    error: str | None = None
    excerpt: str | None = None  # the first 200 bytes of the answer's body

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken the event: any 2xx, and nothing else."""
        return self.status_code is not None and 200 <= self.status_code < 300


def claim_delivery(
    session: Session, delivery_id: UUID, *, token: UUID, lease_expires_at: datetime, now: datetime
) -> ClaimedDelivery | None:
    """Claim a delivery that is due and begin its next attempt; None if it is settled, claimed, or not due yet."""
    row = session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.PENDING,
            Delivery.claim_token.is_(None),
            Delivery.next_attempt_at <= now,
        )
        .values(attempt_count=Delivery.attempt_count + 1, claim_token=token, lease_expires_at=lease_expires_at)
        .returning(Delivery.url, Delivery.payload, Delivery.attempt_count)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    session.execute(insert(DeliveryAttempt).values(delivery_id=delivery_id, number=row.attempt_count, started_at=now))
    return ClaimedDelivery(delivery_id, row.url, row.payload, row.attempt_count, token)


def settle_attempt(
    session: Session,
    claimed: ClaimedDelivery,
    answer: Answer,
    *,
    duration_ms: int,
    next_attempt_at: datetime | None,
    now: datetime,
) -> DeliveryState | None:
    """Store what came of an attempt and return the delivery's state; None if the lease was lost meanwhile.

    An attempt that failed is followed by another at `next_attempt_at`, or, if that is None, by giving up.
    """
    state = DeliveryState.DELIVERED if answer.is_success else DeliveryState.FAILED
    if not answer.is_success and next_attempt_at is not None:
        state = DeliveryState.PENDING
    is_final = state != DeliveryState.PENDING
    settled = session.execute(
        update(Delivery)
        .where(
            Delivery.id == claimed.id,
            Delivery.claim_token == claimed.token,
            Delivery.state == DeliveryState.PENDING,
        )
        .values(
            state=state,
            finished_at=now if is_final else None,
            next_attempt_at=None if is_final else next_attempt_at,
            claim_token=None,
            lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    if settled.rowcount == 0:  # type: ignore[attr-defined]
        return None
    _complete_attempt(session, claimed, answer, duration_ms)
    return state


def _complete_attempt(session: Session, claimed: ClaimedDelivery, answer: Answer, duration_ms: int) -> None:
    session.execute(
        update(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == claimed.id, DeliveryAttempt.number == claimed.attempt)
        .values(
            duration_ms=duration_ms,
            status_code=answer.status_code,
            error=answer.error,
            answer=answer.excerpt,
        )
        .execution_options(synchronize_session=False)
    )


def take_back_expired(session: Session, now: datetime, max_attempts: int, limit: int) -> int:
    """Make up to `limit` deliveries due again whose lease has run out, or give them up; return how many that were."""
    expired = session.scalars(
        select(Delivery.id)
        .where(
            Delivery.state == DeliveryState.PENDING,
            Delivery.claim_token.is_not(None),
            Delivery.lease_expires_at < now,
        )
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if not (ids := list(expired)):
        return 0
    is_exhausted = Delivery.attempt_count >= max_attempts
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(
            state=case((is_exhausted, DeliveryState.FAILED), else_=Delivery.state),
            finished_at=case((is_exhausted, now), else_=null()),
            next_attempt_at=case((is_exhausted, null()), else_=now),
            claim_token=None,
            lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DeliveryAttempt)
        .where(
            DeliveryAttempt.delivery_id.in_(ids), DeliveryAttempt.duration_ms.is_(None), DeliveryAttempt.error.is_(None)
        )
        .values(error=INTERRUPTED)
        .execution_options(synchronize_session=False)
    )
    return len(ids)
