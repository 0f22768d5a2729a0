"""Webhooks as callers ask for them, and what became of each event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from api.cursors import encode_deliveries_cursor
from api.schemas.base import Answer, RequestBody, RequestQuery
from api.schemas.results import Cursor, Limit
from api.services.webhooks import Webhook as NewWebhook
from shared.errors import DeliveryNotFound
from shared.models import Delivery as DeliveryRow
from shared.models import DeliveryAttempt as AttemptRow
from shared.states import END_EVENTS, DeliveryState, EndpointEvent, EventType
from shared.webhook_addresses import MAX_URL_CHARS

END_EVENT_LIST = list(END_EVENTS)
WebhookURL = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL_CHARS,
        description="A public https address. Every 2xx answer counts as delivered; redirects are not followed.",
    ),
]
# Not strict, because an event comes as a string.
Events = Annotated[list[Annotated[EventType, Field(strict=False)]], Field(min_length=1, max_length=20)]


class SubmitWebhook(RequestBody):
    """Where to send signed messages about the job."""

    url: WebhookURL
    events: Events = Field(
        END_EVENT_LIST, description="Which events to send; without it, those that tell of the job's end."
    )

    def to_new_webhook(self) -> NewWebhook:
        """Return the webhook as the service takes it."""
        return NewWebhook(self.url, self.events)


class Webhook(Answer):
    """Where the job's events are sent."""

    url: str
    events: list[EventType]


class DeliveriesQuery(RequestQuery):
    """Which deliveries."""

    limit: Limit = 50
    cursor: Cursor | None = None


class DeliveryPath(BaseModel):
    """Which delivery."""

    delivery_id: str = Field(json_schema_extra={"format": "uuid"})

    def parse_id(self) -> UUID:
        """Return the id.

        Raises:
            DeliveryNotFound: no delivery can have this id.
        """
        try:
            return UUID(self.delivery_id)
        except ValueError as err:
            raise DeliveryNotFound(f"There is no delivery {self.delivery_id[:50]!r}: its id is a UUID.") from err


class DeliveryAttempt(Answer):
    """One try at a delivery."""

    number: int = Field(ge=1)
    started_at: datetime
    status: int | None = Field(description="The HTTP status of the answer; null if there was none.")
    duration_ms: int | None = Field(description="How long it took; null while it lasts.")
    error: str | None = Field(description="Why there was no answer, or why it does not count.")
    answer: str | None = Field(description="The first 200 bytes of the answer.")


class Delivery(Answer):
    """One event on its way."""

    id: UUID = Field(description="The `webhook-id`, the same over all attempts.")
    event: EventType | EndpointEvent
    job: UUID | None = Field(description="The job that it tells of; null for a test event.")
    webhook: UUID | None = Field(description="The registered webhook that it goes to; null: the job's own.")
    url: str
    state: DeliveryState
    created_at: datetime
    finished_at: datetime | None
    next_attempt_at: datetime | None = Field(description="When it is sent next; null once it is not sent any more.")
    attempts: list[DeliveryAttempt] = Field(description="The last 50, first to last.")


class DeliveryPage(Answer):
    """Deliveries with their attempts: of a job the oldest first, to a webhook the newest first."""

    data: list[Delivery]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


def present_deliveries(
    rows: Sequence[DeliveryRow], attempts: Mapping[UUID, Sequence[AttemptRow]], limit: int
) -> DeliveryPage:
    """Return the page of the first `limit` deliveries; one row more says that another page follows."""
    page = rows[:limit]
    cursor = encode_deliveries_cursor(page[-1].id) if len(rows) > limit else None
    return DeliveryPage(data=[present_delivery(row, attempts.get(row.id, ())) for row in page], next_cursor=cursor)


def present_delivery(row: DeliveryRow, attempts: Sequence[AttemptRow]) -> Delivery:
    """Return the delivery as callers see it."""
    return Delivery(
        id=row.id,
        event=row.event,
        job=row.job_id,
        webhook=row.endpoint_id,
        url=row.url,
        state=row.state,
        created_at=row.created_at,
        finished_at=row.finished_at,
        next_attempt_at=row.next_attempt_at,
        attempts=[_present_attempt(one) for one in attempts],
    )


def _present_attempt(row: AttemptRow) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=row.number,
        started_at=row.started_at,
        status=row.status_code,
        duration_ms=row.duration_ms,
        error=row.error,
        answer=row.answer,
    )
