"""What can be done with keys: make, list, revoke, rotate; each is one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Row
from sqlalchemy.orm import Session

from admin.errors import KeyNotFound, KeyNotUsable
from shared.clock import Clock
from shared.database import Database
from shared.keys import NewKey, create_key
from shared.models import APIKey, TenantRow
from shared.queries import keys, tenants
from shared.queries.keys import Grant
from shared.quotas import Quotas
from shared.scopes import Scope


@dataclass(frozen=True, slots=True)
class Request:
    """A key that an operator asks for."""

    tenant: str
    name: str
    scopes: Iterable[Scope]
    lifetime: timedelta | None  # None: for ever
    quotas: Quotas = field(default_factory=Quotas)


@dataclass(frozen=True, slots=True)
class Made:
    """A new key with its secret, which is shown now or never."""

    key: NewKey
    row: APIKey
    tenant: str
    is_new_tenant: bool = False


@dataclass(frozen=True, slots=True)
class Rotated:
    """A key's successor, and the key itself as it ends."""

    made: Made
    old: APIKey


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one database."""

    database: Database
    clock: Clock

    def create(self, request: Request) -> Made:
        """Make a key, and its tenant if there is none of this name."""
        now = self.clock.now()
        expires_at = None if request.lifetime is None else now + request.lifetime
        with self.database.writing() as session:
            tenant_id, is_new = tenants.find_or_create_tenant(session, request.tenant, now)
            key = create_key()
            grant = Grant(tenant_id, request.name, request.scopes, expires_at, request.quotas)
            row = keys.insert_key(session, key, grant, now)
        return Made(key, row, request.tenant, is_new)

    def list_all(self, tenant: str | None, *, with_ended: bool) -> Sequence[Row[APIKey, str]]:
        """Return keys with their tenants' names, of one tenant or all, those revoked and expired only if asked for."""
        with self.database.reading() as session:
            return keys.list_keys(session, tenant, usable_at=None if with_ended else self.clock.now())

    def list_tenants(self) -> Sequence[Row[str, datetime, int]]:
        """Return every tenant's name, time of creation and number of keys."""
        with self.database.reading() as session:
            return tenants.list_tenants(session)

    def revoke(self, public_id: str) -> tuple[APIKey, bool]:
        """End a key; return it, and whether it was not revoked before.

        Raises:
            KeyNotFound: there is no such key.
        """
        with self.database.writing() as session:
            row = _lock(session, public_id)
            is_change = row.revoked_at is None
            if is_change:
                row.revoked_at = self.clock.now()
        return row, is_change

    def rotate(self, public_id: str, overlap: timedelta) -> Rotated:
        """Make a successor that may do all the old key may, for as long; the old key ends after `overlap`.

        Raises:
            KeyNotFound: there is no such key.
            KeyNotUsable: it has ended, or has a successor already.
        """
        now = self.clock.now()
        with self.database.writing() as session:
            old = _lock(session, public_id)
            _refuse_rotated(session, old, now)
            lifetime = None if old.expires_at is None else old.expires_at - old.created_at
            ends_at = None if lifetime is None else now + lifetime
            grant = Grant(old.tenant_id, old.name, map(Scope, old.scopes), ends_at, old.quotas)
            key = create_key()
            row = keys.insert_key(session, key, grant, now)
            old.successor_id = row.id
            if old.expires_at is None or old.expires_at > now + overlap:
                old.expires_at = now + overlap
            tenant = session.get_one(TenantRow, old.tenant_id).name
        return Rotated(Made(key, row, tenant), old)


def describe_state(key: APIKey, now: datetime) -> str:
    """Return in one word whether the key still opens anything."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _lock(session: Session, public_id: str) -> APIKey:
    row = keys.lock_key(session, public_id)
    if row is None:
        raise KeyNotFound(f"There is no key {public_id}; `keys list --all` shows all there are.")
    return row


def _refuse_rotated(session: Session, key: APIKey, now: datetime) -> None:
    if key.successor_id is not None:
        successor = session.get_one(APIKey, key.successor_id).public_id
        raise KeyNotUsable(f"The key {key.public_id} was rotated before: its successor is {successor}.")
    state = describe_state(key, now)
    if state != "active":
        raise KeyNotUsable(f"The key {key.public_id} is {state} and gets no successor: use `keys create`.")
