"""Queries on idempotency keys: find, claim for a job, prolong, remember the first answer, forget."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from shared.models import IdempotencyKey


def find_key(session: Session, tenant_id: int, key: str, now: datetime) -> IdempotencyKey | None:
    """Return what is known of a tenant's key, or None if it is new or forgotten by now."""
    return session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key, IdempotencyKey.expires_at > now
        )
    )


def claim_key(session: Session, values: dict[str, Any], now: datetime) -> bool:
    """Store a key with its columns by name, in place of one whose time is over; return False if it is taken.

    On PostgreSQL this waits for another transaction that is storing the same key, and sees what became of it.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement: Any = (sqlite.insert if is_sqlite else postgresql.insert)(IdempotencyKey).values(values)
    upsert: ReturningInsert[str] = statement.on_conflict_do_update(
        index_elements=["tenant_id", "key"], set_=values, where=IdempotencyKey.expires_at <= now
    ).returning(IdempotencyKey.key)
    return session.scalar(upsert) is not None


def remember_answer(session: Session, tenant_id: int, key: str, job_id: UUID, was_done: bool) -> None:
    """Note whether the first answer about this job held the results, if the key still belongs to it."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key, IdempotencyKey.job_id == job_id)
        .values(was_done=was_done)
    )


def prolong_keys(session: Session, job_id: UUID, expires_at: datetime) -> None:
    """Remember the keys that stand for this job until then at least."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.job_id == job_id, IdempotencyKey.expires_at < expires_at)
        .values(expires_at=expires_at)
    )


def delete_expired(session: Session, now: datetime, limit: int) -> int:
    """Forget up to `limit` keys whose time is over; return how many that were."""
    columns = (IdempotencyKey.tenant_id, IdempotencyKey.key)
    due = select(*columns).where(IdempotencyKey.expires_at <= now).limit(limit).with_for_update(skip_locked=True)
    forgotten = session.execute(
        delete(IdempotencyKey).where(tuple_(*columns).in_(due)).execution_options(synchronize_session=False)
    )
    return int(forgotten.rowcount)  # type: ignore[attr-defined]
