"""Short ways to the rows that tests need."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from shared.clock import SystemClock
from shared.database import Database
from shared.keys import create_key, find_public_id
from shared.models import APIKey, Delivery, DeliveryAttempt, Job, TenantRow, TextRow
from shared.queries import deliveries, endpoints, jobs, keys, tenants, texts
from shared.queries.jobs import CountChange
from shared.queries.keys import Grant
from shared.queries.texts import NewText
from shared.scopes import Scope
from shared.states import EventType, Lane
from shared.tenants import Tenant

ENCRYPTION_KEY = "c2VudGlxLXRlc3RzLWVuY3J5cHQtd2l0aC10aGlzLWs="  # of the secrets of endpoints


def submit(
    database: Database,
    contents: Sequence[str],
    now: datetime,
    *,
    model: str = "m",
    lane: Lane = Lane.BULK,
    webhook: dict[str, Any] | None = None,
    neutral_threshold: float | None = None,
    request_id: str | None = None,
    deadline_at: datetime | None = None,
    expires_after: int | None = None,
    tenant_id: int = Tenant.LOCAL,
) -> UUID:
    """Store one job with these texts and return its id."""
    how: dict[str, Any] = {
        "model": model, "lane": lane, "now": now, "neutral_threshold": neutral_threshold, "deadline_at": deadline_at,
        "tenant_id": tenant_id,
    }  # fmt: skip
    with database.writing() as session:
        job_id = jobs.insert_job(
            session,
            metadata=None,
            total=len(contents),
            webhook=webhook,
            request_id=request_id,
            expires_after=expires_after,
            **how,
        )
        texts.insert_texts(session, job_id, [NewText(text) for text in contents], **how)
    return job_id


def make_key(database: Database, tenant: str = "shop", scopes: Iterable[Scope] = Scope, **options: Any) -> str:
    """Store a key of this tenant, made if need be, and return what its holder sends."""
    now = options.pop("now", None) or SystemClock().now()
    key = create_key()
    with database.writing() as session:
        tenant_id, _ = tenants.find_or_create_tenant(session, tenant, now)
        keys.insert_key(session, key, Grant(tenant_id, "test", scopes, **options), now)
    return key.text


def get_key(database: Database, text: str) -> APIKey:
    """Return what is stored of a key."""
    with database.reading() as session:
        return session.scalars(select(APIKey).where(APIKey.public_id == find_public_id(text))).one()


def create_tenants(database: Database, count: int) -> list[int]:
    """Store this many tenants and return their ids, which ascend."""
    with database.writing() as session:
        rows = [TenantRow(name=f"tenant-{number}", created_at=datetime.now(UTC)) for number in range(count)]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def get_job(database: Database, job_id: UUID) -> Job:
    """Return the job as it is now."""
    with database.reading() as session:
        return session.get_one(Job, job_id)


def list_texts(database: Database, job_id: UUID) -> Sequence[TextRow]:
    """Return a job's texts in input order."""
    with database.reading() as session:
        return session.scalars(select(TextRow).where(TextRow.job_id == job_id).order_by(TextRow.position)).all()


def finish_job(
    database: Database, now: datetime, *, url: str | None = "https://hooks.example.com/", texts: int = 1
) -> UUID:
    """Store a job, with a webhook at `url` if there is one, score it, and return the id of the one delivery due."""
    webhook = None if url is None else {"url": url, "events": list(EventType)}
    job_id = submit(database, ["好"] * texts, now, webhook=webhook)
    change = CountChange(queued=-texts, succeeded=texts)
    with database.writing() as session:
        (delivery_id,) = jobs.apply_changes(session, {job_id: change}, now).delivery_ids
    return delivery_id


def insert_endpoint(
    database: Database,
    now: datetime,
    *,
    url: str = "https://hooks.example.com/",
    events: Sequence[EventType] = tuple(EventType),
    secret: str = "",
    tenant_id: int = Tenant.LOCAL,
) -> UUID:
    """Store an enabled endpoint and return its id."""
    with database.writing() as session:
        endpoint = endpoints.insert_endpoint(
            session, tenant_id, url=url, events=events, description=None, secret=secret, now=now
        )
    return endpoint.id


def get_delivery(database: Database, delivery_id: UUID) -> Delivery:
    """Return the delivery as it is now."""
    with database.reading() as session:
        return session.get_one(Delivery, delivery_id)


def list_attempts(database: Database, delivery_id: UUID) -> list[DeliveryAttempt]:
    """Return the attempts at a delivery, first to last."""
    with database.reading() as session:
        return deliveries.list_attempts(session, [delivery_id])[delivery_id]
