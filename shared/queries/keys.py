"""Queries on API keys: insert, look up, list, end, and note their use."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Row, or_, select, update
from sqlalchemy.orm import Session

from shared.keys import NewKey
from shared.models import APIKey, TenantRow
from shared.quotas import Quotas
from shared.scopes import Scope


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key opens, for whom and until when."""

    tenant_id: int
    name: str
    scopes: Iterable[Scope]
    expires_at: datetime | None = None  # None: never
    quotas: Quotas = field(default_factory=Quotas)


def insert_key(session: Session, key: NewKey, grant: Grant, now: datetime) -> APIKey:
    """Store a new key without its secret."""
    row = APIKey(
        tenant_id=grant.tenant_id,
        public_id=key.public_id,
        digest=key.digest,
        name=grant.name,
        scopes=sorted(grant.scopes),
        created_at=now,
        expires_at=grant.expires_at,
        **asdict(grant.quotas),
    )
    session.add(row)
    session.flush()
    return row


def find_key(session: Session, public_id: str) -> APIKey | None:
    """Return the key with this id, whether it is still good or not, or None."""
    return session.scalars(select(APIKey).where(APIKey.public_id == public_id)).one_or_none()


def lock_key(session: Session, public_id: str) -> APIKey | None:
    """Return the key with this id, locked until the transaction ends, or None."""
    return session.scalars(select(APIKey).where(APIKey.public_id == public_id).with_for_update()).one_or_none()


def has_any(session: Session) -> bool:
    """Return whether this service ever had a key."""
    return session.scalar(select(APIKey.id).limit(1)) is not None


def list_keys(session: Session, tenant: str | None, usable_at: datetime | None) -> Sequence[Row[APIKey, str]]:
    """Return keys with their tenants' names, by tenant and age: of one tenant or all, only those usable then or all."""
    query = select(APIKey, TenantRow.name.label("tenant")).join(TenantRow, TenantRow.id == APIKey.tenant_id)
    if tenant is not None:
        query = query.where(TenantRow.name == tenant)
    if usable_at is not None:
        query = query.where(_is_usable(usable_at))
    return session.execute(query.order_by(TenantRow.name, APIKey.id)).all()


def _is_usable(moment: datetime) -> ColumnElement[bool]:
    return APIKey.revoked_at.is_(None) & or_(APIKey.expires_at.is_(None), APIKey.expires_at > moment)


def note_use(session: Session, key_id: int, now: datetime, not_since: datetime) -> None:
    """Store that the key was used now, unless a use since `not_since` is stored already."""
    is_stale = or_(APIKey.last_used_at.is_(None), APIKey.last_used_at <= not_since)
    session.execute(update(APIKey).where(APIKey.id == key_id, is_stale).values(last_used_at=now))
