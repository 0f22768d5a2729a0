"""Sends events on demand: one that tries an endpoint out, one that was sent before, or all that an outage has cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from api.core import Core
from shared.errors import TooManyAttempts, WebhookDisabled
from shared.models import Delivery, DeliveryAttempt, Endpoint
from shared.queries import deliveries, endpoints, outbox
from shared.states import DeliveryState

log = structlog.get_logger(__name__)

MAX_REDELIVERED = 1_000  # in one call
MAX_NUDGED = 100  # of them at once; couriers and the sweeper come for the rest


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many deliveries are due once more, and whether as many calls again are needed for others."""

    count: int
    has_more: bool


def list_endpoint_deliveries(
    core: Core, tenant_id: int, endpoint_id: UUID, *, limit: int, before: UUID | None, state: DeliveryState | None
) -> tuple[Sequence[Delivery], Mapping[UUID, Sequence[DeliveryAttempt]]]:
    """Return up to `limit` deliveries to an endpoint, newest first, and one more if there is one, with attempts.

    Raises:
        WebhookNotFound: the tenant has none with this id.
    """
    with core.database.reading() as session:
        endpoints.get_endpoint(session, tenant_id, endpoint_id)
        rows = deliveries.list_endpoint_deliveries(session, endpoint_id, limit=limit + 1, before=before, state=state)
        return rows, deliveries.list_attempts(session, [row.id for row in rows])


def _get_enabled(session: Session, tenant_id: int, endpoint_id: UUID) -> Endpoint:
    endpoint = endpoints.get_endpoint(session, tenant_id, endpoint_id)
    if endpoint.disabled_at is not None:
        raise WebhookDisabled
    return endpoint


def send_test(core: Core, tenant_id: int, endpoint_id: UUID) -> Delivery:
    """Store an event that tells of nothing, and tell the couriers.

    Raises:
        WebhookNotFound: the tenant has none with this id.
        WebhookDisabled: nothing is sent to it.
    """
    with core.database.writing() as session:
        endpoint = _get_enabled(session, tenant_id, endpoint_id)
        delivery = outbox.insert_test_delivery(session, endpoint, core.clock.now())
    core.queue.nudge_deliveries([delivery.id])
    return delivery


def redeliver(core: Core, tenant_id: int, delivery_id: UUID) -> tuple[Delivery, Sequence[DeliveryAttempt]]:
    """Send a delivery once more, under the same `webhook-id` and with all its attempts ahead; return it with the log.

    Raises:
        DeliveryNotFound: the tenant has none with this id.
        WebhookDisabled: nothing is sent to its endpoint.
        TooManyAttempts: it has been tried a thousand times.
    """
    with core.database.writing() as session:
        delivery = deliveries.lock_delivery(session, tenant_id, delivery_id)
        if delivery.attempt_count >= deliveries.MAX_ATTEMPTS:
            raise TooManyAttempts(f"It was tried {delivery.attempt_count:,} times already, so it is not sent again.")
        _refuse_disabled(session, delivery)
        deliveries.send_again(session, [delivery_id], core.clock.now())
        session.refresh(delivery)
        attempts = deliveries.list_attempts(session, [delivery_id])[delivery_id]
    core.queue.nudge_deliveries([delivery_id])
    log.info("redelivery_requested", delivery_id=str(delivery_id))
    return delivery, attempts


def _refuse_disabled(session: Session, delivery: Delivery) -> None:
    if delivery.endpoint_id is None:
        return
    endpoint = endpoints.find_endpoint(session, delivery.endpoint_id)
    if endpoint is None or endpoint.disabled_at is not None:
        raise WebhookDisabled("The webhook that this was sent to is disabled or deleted, so nothing is sent there.")


def redeliver_failed(core: Core, tenant_id: int, endpoint_id: UUID, since: datetime) -> Redelivered:
    """Send once more what was given up for an endpoint since then, the oldest event first, a thousand at most.

    What has been tried a thousand times stays as it is.

    Raises:
        WebhookNotFound: the tenant has none with this id.
        WebhookDisabled: nothing is sent to it.
    """
    with core.database.writing() as session:
        _get_enabled(session, tenant_id, endpoint_id)
        found = deliveries.list_failed(session, endpoint_id, since, MAX_REDELIVERED + 1)
        again = found[:MAX_REDELIVERED]
        deliveries.send_again(session, again, core.clock.now())
    core.queue.nudge_deliveries(again[:MAX_NUDGED])
    log.info("redelivery_requested", endpoint_id=str(endpoint_id), deliveries=len(again))
    return Redelivered(len(again), len(found) > MAX_REDELIVERED)
