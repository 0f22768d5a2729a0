"""Queries on the workers alive and the models they have served."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shared.models import Base, ServedModel, WorkerRow


def upsert_served_model(session: Session, values: dict[str, Any]) -> None:
    """Remember that a worker serves this model, with its columns by name."""
    _upsert(session, ServedModel, values, key="name")


def upsert_worker(session: Session, values: dict[str, Any]) -> None:
    """Store a worker's heartbeat, with its columns by name."""
    _upsert(session, WorkerRow, values, key="id")


def _upsert(session: Session, table: type[Base], values: dict[str, Any], key: str) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement: Any = (sqlite.insert if is_sqlite else postgresql.insert)(table).values(values)
    others = {name: value for name, value in values.items() if name != key}
    upsert: Insert = statement.on_conflict_do_update(index_elements=[key], set_=others)
    session.execute(upsert)


def list_served_models(session: Session) -> Sequence[ServedModel]:
    """Return every model ever served, by name."""
    return session.scalars(select(ServedModel).order_by(ServedModel.name)).all()


def find_served_model(session: Session, name: str) -> ServedModel | None:
    """Return what is known of a model, or None if no worker ever served it."""
    return session.get(ServedModel, name)


def list_live(session: Session, seen_after: datetime, model: str | None = None) -> Sequence[WorkerRow]:
    """Return the workers heard of after `seen_after`, of one model or of all."""
    query = select(WorkerRow).where(WorkerRow.seen_at > seen_after)
    if model is not None:
        query = query.where(WorkerRow.model == model)
    return session.scalars(query).all()


def list_children(session: Session, host: str, parent_pid: int) -> Sequence[WorkerRow]:
    """Return the processes of one worker that have ever beaten and are not forgotten yet, dead ones included."""
    return session.scalars(select(WorkerRow).where(WorkerRow.host == host, WorkerRow.parent_pid == parent_pid)).all()


def delete_worker(session: Session, worker_id: UUID) -> None:
    """Forget a worker that has stopped."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def delete_silent(session: Session, seen_before: datetime) -> None:
    """Forget the workers not heard of since `seen_before`."""
    session.execute(delete(WorkerRow).where(WorkerRow.seen_at < seen_before))
