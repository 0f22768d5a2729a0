"""Queries on registered endpoints; each is read with its tenant's id, so that nobody sees another's."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, update
from sqlalchemy.orm import Session
from uuid6 import uuid7

from shared.errors import WebhookNotFound
from shared.models import Endpoint, UTCDateTime
from shared.queries.deliveries import give_up_waiting
from shared.states import DisabledReason, EventType

# A deleted endpoint stays as a row without a secret, so that what was sent to it can still be told.
_EXISTS = Endpoint.disabled_reason.is_distinct_from(DisabledReason.DELETED)


def insert_endpoint(
    session: Session,
    tenant_id: int,
    *,
    url: str,
    events: Sequence[EventType],
    description: str | None,
    secret: str,
    now: datetime,
) -> Endpoint:
    """Insert an enabled endpoint; `secret` comes encrypted."""
    endpoint = Endpoint(
        id=UUID(int=uuid7().int),
        tenant_id=tenant_id,
        url=url,
        events=list(events),
        description=description,
        secret=secret,
        created_at=now,
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def count_endpoints(session: Session, tenant_id: int) -> int:
    """Return how many endpoints the tenant has, disabled ones too."""
    query = select(func.count()).select_from(Endpoint).where(Endpoint.tenant_id == tenant_id, _EXISTS)
    return session.scalar(query) or 0


def list_endpoints(session: Session, tenant_id: int, *, limit: int, before: UUID | None) -> Sequence[Endpoint]:
    """Return up to `limit` of the tenant's endpoints, newest first, older than the endpoint `before`."""
    query = select(Endpoint).where(Endpoint.tenant_id == tenant_id, _EXISTS).order_by(Endpoint.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Endpoint.id < before)
    return session.scalars(query).all()


def get_endpoint(session: Session, tenant_id: int, endpoint_id: UUID) -> Endpoint:
    """Return the tenant's endpoint.

    Raises:
        WebhookNotFound: it has none with this id.
    """
    return _read(session, select(Endpoint), tenant_id, endpoint_id)


def lock_endpoint(session: Session, tenant_id: int, endpoint_id: UUID) -> Endpoint:
    """Return the tenant's endpoint, locked until the transaction ends.

    Raises:
        WebhookNotFound: it has none with this id.
    """
    return _read(session, select(Endpoint).with_for_update(), tenant_id, endpoint_id)


def _read(session: Session, query: Select[Endpoint], tenant_id: int, endpoint_id: UUID) -> Endpoint:
    query = query.where(Endpoint.id == endpoint_id, Endpoint.tenant_id == tenant_id, _EXISTS)
    endpoint: Endpoint | None = session.scalars(query).one_or_none()
    if endpoint is None:
        raise WebhookNotFound(f"There is no webhook {endpoint_id}.")
    return endpoint


def find_endpoint(session: Session, endpoint_id: UUID) -> Endpoint | None:
    """Return the endpoint whoever owns it, a deleted one too; for couriers, who come by its id from a delivery."""
    return session.get(Endpoint, endpoint_id)


def disable_endpoint(session: Session, endpoint_id: UUID, reason: DisabledReason, now: datetime) -> bool:
    """Send an endpoint nothing any more and give up what waits for it; return whether it was enabled before."""
    disabled = session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.disabled_at.is_(None))
        .values(disabled_at=now, disabled_reason=reason)
        .execution_options(synchronize_session=False)
    )
    give_up_waiting(session, endpoint_id, now)
    return bool(disabled.rowcount)  # type: ignore[attr-defined]


def erase_endpoint(session: Session, endpoint: Endpoint, now: datetime) -> None:
    """Take an endpoint away with its secrets, and give up what waits for it."""
    endpoint.secret, endpoint.previous_secret = "", None
    endpoint.disabled_at, endpoint.disabled_reason = now, DisabledReason.DELETED
    session.flush()
    give_up_waiting(session, endpoint.id, now)


def note_success(session: Session, endpoint: Endpoint) -> None:
    """Remember that the endpoint works, unless it was moved or enabled since it was read."""
    session.execute(
        update(Endpoint)
        .where(_is_unrenewed(endpoint), Endpoint.failing_since.is_not(None))
        .values(failing_since=None)
        .execution_options(synchronize_session=False)
    )


def note_failure(session: Session, endpoint: Endpoint, now: datetime) -> datetime | None:
    """Remember that an attempt has failed; return since when all of them have.

    None, and nothing is remembered, if the endpoint was moved or enabled since it was read.
    """
    return session.execute(
        update(Endpoint)
        .where(_is_unrenewed(endpoint))
        .values(failing_since=func.coalesce(Endpoint.failing_since, literal(now, UTCDateTime())))
        .returning(Endpoint.failing_since)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()


def _is_unrenewed(endpoint: Endpoint) -> ColumnElement[bool]:
    # Compared with what was read, and not with a moment: the clocks of two machines differ.
    return and_(Endpoint.id == endpoint.id, Endpoint.renewed_at.is_not_distinct_from(endpoint.renewed_at))
