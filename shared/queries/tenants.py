"""Queries on tenants."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shared.models import TENANTS, APIKey, TenantRow


def find_or_create_tenant(session: Session, name: str, now: datetime) -> tuple[int, bool]:
    """Return the id of the tenant of this name, and whether it is new."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement: Any = (sqlite.insert if is_sqlite else postgresql.insert)(TenantRow)
    # Inserted first and asked afterwards, so that two callers at once cannot both find it absent.
    insert = statement.values(name=name, created_at=now).on_conflict_do_nothing(index_elements=["name"])
    created = session.execute(insert.returning(TenantRow.id)).scalar_one_or_none()
    if created is not None:
        return int(created), True
    return session.scalars(select(TenantRow.id).where(TenantRow.name == name)).one(), False


def lock_tenant(session: Session, tenant_id: int) -> None:
    """Keep others that lock this tenant waiting until the transaction ends, so that what it has can be counted."""
    session.connection().execute(_LOCK, {"tenant": tenant_id})


# Without the key, which new jobs refer to: only who asks for this lock too has to wait.
_LOCK = select(TENANTS.c.id).where(TENANTS.c.id == bindparam("tenant")).with_for_update(key_share=True)


def list_tenants(session: Session) -> Sequence[Row[str, datetime, int]]:
    """Return every tenant's name, time of creation and `key_count`, revoked ones included, by name."""
    count = func.count(APIKey.id).label("key_count")
    query = select(TenantRow.name, TenantRow.created_at, count).outerjoin(APIKey, APIKey.tenant_id == TenantRow.id)
    return session.execute(query.group_by(TenantRow.id).order_by(TenantRow.name)).all()
