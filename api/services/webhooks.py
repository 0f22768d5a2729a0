"""Webhooks of a job: refused early if they could never be sent, and the log of what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.core import Core
from shared.errors import WebhooksNotConfigured
from shared.models import Delivery, DeliveryAttempt
from shared.queries import deliveries, jobs
from shared.settings import Settings
from shared.states import EventType
from shared.webhook_addresses import parse_webhook_url


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to send which events of a job."""

    url: str
    events: Sequence[EventType]

    def to_column(self) -> dict[str, Any]:
        """Return the webhook as it is stored with its job."""
        return {"url": self.url, "events": list(dict.fromkeys(self.events))}


def refuse_webhook(settings: Settings, webhook: Webhook) -> None:
    """Let a webhook in.

    Raises:
        WebhooksNotConfigured: nothing could be signed.
        WebhookURLRefused: the courier would never connect to its address.
    """
    if settings.webhook_secret is None:
        raise WebhooksNotConfigured
    parse_webhook_url(webhook.url, allow_private=settings.webhook_allow_private)


def list_deliveries(
    core: Core, tenant_id: int, job_id: UUID, *, limit: int, after: UUID | None
) -> tuple[Sequence[Delivery], Mapping[UUID, Sequence[DeliveryAttempt]]]:
    """Return up to `limit` deliveries of a job behind `after`, and one more if there is one, with their last attempts.

    Raises:
        JobNotFound: the tenant has none with this id.
    """
    with core.database.reading() as session:
        jobs.get_job(session, tenant_id, job_id)
        rows = deliveries.list_deliveries(session, job_id, limit=limit + 1, after=after)
        return rows, deliveries.list_attempts(session, [row.id for row in rows])
