"""Stores events in the very transaction that they tell of, as deliveries that are due at once: none can be lost."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, insert, select
from sqlalchemy.orm import Session
from uuid6 import uuid7

from shared.events import build_payload, build_test_payload, find_event
from shared.models import ENDPOINTS, Delivery, Endpoint
from shared.states import DeliveryState, EndpointEvent, EventType
from shared.webhook_addresses import name_receiver


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an event has to go."""

    url: str
    endpoint_id: UUID | None = None  # None: the job's own webhook


def insert_deliveries(session: Session, jobs: Sequence[Row[Any]], now: datetime) -> list[UUID]:
    """Insert a delivery for everyone who wants to hear what has become of these jobs; return their ids.

    That is a job's own webhook, and every enabled endpoint of its tenant. The jobs are rows of
    `shared.events.EVENT_COLUMNS`, changed in this very transaction.
    """
    endpoints = _list_enabled(session, {job.tenant_id for job in jobs if job.has_endpoints})
    rows = [row for job in jobs for row in _build_rows(job, endpoints[job.tenant_id], now)]
    if rows:
        session.execute(insert(Delivery), rows)
    return [row["id"] for row in rows]


def insert_test_delivery(session: Session, endpoint: Endpoint, now: datetime) -> Delivery:
    """Insert the delivery of an event that tells of nothing but tries the endpoint out."""
    row = _build_row(endpoint.tenant_id, Destination(endpoint.url, endpoint.id), now)
    told = {"event": EndpointEvent.TEST, "payload": build_test_payload(endpoint.id, now)}
    delivery = Delivery(**row, **told, attempt_count=0, earlier_attempts=0)
    session.add(delivery)
    session.flush()
    return delivery


def _list_enabled(session: Session, tenant_ids: Iterable[int]) -> dict[int, list[Row[Any]]]:
    endpoints: dict[int, list[Row[Any]]] = defaultdict(list)
    if tenant_ids:
        for row in session.connection().execute(_ENABLED, {"tenants": sorted(tenant_ids)}):
            endpoints[row.tenant_id].append(row)
    return endpoints


_ENABLED: Select[Any] = (
    select(ENDPOINTS.c.id, ENDPOINTS.c.tenant_id, ENDPOINTS.c.url, ENDPOINTS.c.events)
    .where(ENDPOINTS.c.tenant_id.in_(bindparam("tenants", expanding=True)), ENDPOINTS.c.disabled_at.is_(None))
    .order_by(ENDPOINTS.c.id)
)


def _build_rows(job: Row[Any], endpoints: Iterable[Row[Any]], now: datetime) -> list[dict[str, Any]]:
    event = find_event(job.state)
    if event is None:
        return []
    told = {"job_id": job.id, "event": event, "payload": build_payload(event, job, now)}
    return [_build_row(job.tenant_id, one, now) | told for one in _list_destinations(event, job, endpoints)]


def _list_destinations(event: EventType, job: Row[Any], endpoints: Iterable[Row[Any]]) -> list[Destination]:
    own = [Destination(job.webhook["url"])] if job.webhook and event in job.webhook["events"] else []
    return own + [Destination(one.url, one.id) for one in endpoints if event in one.events]


def _build_row(tenant_id: int, destination: Destination, now: datetime) -> dict[str, Any]:
    return {
        "id": UUID(int=uuid7().int),
        "tenant_id": tenant_id,
        "endpoint_id": destination.endpoint_id,
        "url": destination.url,
        "receiver": name_receiver(tenant_id, destination.url),
        "state": DeliveryState.PENDING,
        "created_at": now,
        "next_attempt_at": now,
    }
