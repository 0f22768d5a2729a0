"""Queries that move deliveries through a courier: claim, settle, and take back what a dead courier held.

Every change is fenced as those of texts are (`claims.py`): it names the claim's token and the state it expects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, null, select, update
from sqlalchemy.orm import Session

from shared.models import Delivery, DeliveryAttempt, Endpoint
from shared.queries.deliveries import IS_PENDING, is_due
from shared.queries.endpoints import find_endpoint
from shared.states import DeliveryState
from shared.webhook_addresses import name_receiver

INTERRUPTED = "The courier stopped before it knew the outcome."


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this courier, and no other, may settle while its lease lasts."""

    id: UUID
    tenant_id: int
    job_id: UUID | None  # None: a test event
    url: str
    payload: dict[str, Any]
    attempt: int  # from 1
    tries: int  # from 1, counted anew when it is sent once more
    token: UUID
    endpoint_id: UUID | None = None  # None: to the job's own webhook
    endpoint: Endpoint | None = None

    @property
    def is_unwanted(self) -> bool:
        """Whether its endpoint has been disabled since the event."""
        return self.endpoint_id is not None and (self.endpoint is None or self.endpoint.disabled_at is not None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: the receiver's answer, or why there was none."""

    status_code: int | None = None
    error: str | None = None
    excerpt: str | None = None  # the first 200 bytes of the answer's body
    retry_after_seconds: float | None = None  # how long the receiver wants to be left alone
    was_sent: bool = True  # False: a fault of this service, which says nothing about the receiver

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken the event: any 2xx, and nothing else."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no event any more (410, as the Standard Webhooks specification says)."""
        return self.status_code == 410


def claim_delivery(
    session: Session, delivery_id: UUID, *, token: UUID, lease_expires_at: datetime, now: datetime
) -> ClaimedDelivery | None:
    """Claim a delivery that is due and begin its next attempt; None if it is settled, claimed, or not due yet."""
    row = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, is_due(now))
        .values(attempt_count=Delivery.attempt_count + 1, claim_token=token, lease_expires_at=lease_expires_at)
        .returning(
            Delivery.tenant_id,
            Delivery.job_id,
            Delivery.endpoint_id,
            Delivery.url,
            Delivery.payload,
            Delivery.attempt_count,
            Delivery.earlier_attempts,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    session.execute(insert(DeliveryAttempt).values(delivery_id=delivery_id, number=row.attempt_count, started_at=now))
    claimed = ClaimedDelivery(
        id=delivery_id,
        tenant_id=row.tenant_id,
        job_id=row.job_id,
        url=row.url,
        payload=row.payload,
        attempt=row.attempt_count,
        tries=row.attempt_count - row.earlier_attempts,
        token=token,
        endpoint_id=row.endpoint_id,
    )
    return claimed if row.endpoint_id is None else _look_endpoint_up(session, claimed, row.endpoint_id)


def _look_endpoint_up(session: Session, claimed: ClaimedDelivery, endpoint_id: UUID) -> ClaimedDelivery:
    """Return the delivery with its endpoint, on the way to the address that this has by now."""
    endpoint = find_endpoint(session, endpoint_id)
    if endpoint is None or endpoint.url == claimed.url:
        return replace(claimed, endpoint=endpoint)
    session.execute(
        update(Delivery)
        .where(Delivery.id == claimed.id)
        .values(url=endpoint.url, receiver=name_receiver(claimed.tenant_id, endpoint.url))
        .execution_options(synchronize_session=False)
    )
    return replace(claimed, endpoint=endpoint, url=endpoint.url)


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


def take_back_expired(session: Session, now: datetime, max_attempts: int, limit: int) -> Sequence[DeliveryState]:
    """Make up to `limit` deliveries due again whose lease has run out, or give them up; return the state of each."""
    expired = session.scalars(
        select(Delivery.id)
        .where(
            IS_PENDING,
            Delivery.claim_token.is_not(None),
            Delivery.next_attempt_at <= now,  # it still says when it was due; those that are not need not be looked at
            Delivery.lease_expires_at < now,
        )
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if not (ids := list(expired)):
        return []
    is_exhausted = Delivery.attempt_count - Delivery.earlier_attempts >= max_attempts
    states = session.scalars(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(
            state=case((is_exhausted, DeliveryState.FAILED), else_=Delivery.state),
            finished_at=case((is_exhausted, now), else_=null()),
            next_attempt_at=case((is_exhausted, null()), else_=now),
            claim_token=None,
            lease_expires_at=None,
        )
        .returning(Delivery.state)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(DeliveryAttempt)
        .where(
            DeliveryAttempt.delivery_id.in_(ids), DeliveryAttempt.duration_ms.is_(None), DeliveryAttempt.error.is_(None)
        )
        .values(error=INTERRUPTED)
        .execution_options(synchronize_session=False)
    )
    return [DeliveryState(state) for state in states]
