"""Registered webhooks as callers ask for them and as they see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.cursors import encode_endpoints_cursor
from api.schemas.base import Answer, RequestBody, RequestQuery
from api.schemas.moments import Moment
from api.schemas.results import Cursor, Limit
from api.schemas.webhooks import END_EVENT_LIST, Events, WebhookURL
from api.services.endpoints import EndpointChange, NewSecret
from api.services.redelivery import Redelivered as RedeliveredCount
from shared.errors import WebhookNotFound
from shared.models import Endpoint as EndpointRow
from shared.states import DeliveryState, DisabledReason, EventType

Description = Annotated[str, Field(max_length=200, description="A note for people.")]


class CreateEndpoint(RequestBody):
    """Where to send signed messages about all jobs to come."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://hooks.example.com/sentiq", "events": ["job.completed"]}]}
    )

    url: WebhookURL
    events: Events = Field(
        END_EVENT_LIST, description="Which events to send; without it, those that tell of a job's end."
    )
    description: Description | None = None


class UpdateEndpoint(RequestBody):
    """What to change; what is left out or null stays as it is."""

    url: WebhookURL | None = None
    events: Events | None = None
    description: Description | None = Field(None, description="A note for people; an empty one is taken away.")
    enabled: bool | None = Field(None, description="false: send nothing; true: send again, whoever disabled it.")

    def to_change(self) -> EndpointChange:
        """Return the change as the service takes it."""
        return EndpointChange(self.url, self.events, self.description, self.enabled)


class RedeliverFailed(RequestBody):
    """Which failed deliveries to send once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-01-31T08:00:00Z"}]})

    since: Moment = Field(description="Those that were given up at or after this moment (RFC 3339, with its offset).")


class EndpointPath(BaseModel):
    """Which webhook."""

    webhook_id: str = Field(json_schema_extra={"format": "uuid"})

    def parse_id(self) -> UUID:
        """Return the id.

        Raises:
            WebhookNotFound: no webhook can have this id.
        """
        try:
            return UUID(self.webhook_id)
        except ValueError as err:
            raise WebhookNotFound(f"There is no webhook {self.webhook_id[:50]!r}: its id is a UUID.") from err


class EndpointsQuery(RequestQuery):
    """Which webhooks."""

    limit: Limit = 50
    cursor: Cursor | None = None


class EndpointDeliveriesQuery(RequestQuery):
    """Which deliveries."""

    limit: Limit = 50
    cursor: Cursor | None = None
    state: DeliveryState | None = Field(None, description="Only deliveries in this state.")


class EndpointLinks(Answer):
    """Where to go from here."""

    self: str
    deliveries: str


class Endpoint(Answer):
    """A registered webhook; its secret is shown at creation and rotation only."""

    id: UUID
    url: str
    events: list[EventType]
    description: str | None
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None = Field(
        description="`by_owner`; `gone`: the receiver answered 410; `failing`: no attempt has succeeded for days."
    )
    failing_since: datetime | None = Field(description="The first failed attempt since the last that succeeded.")
    previous_secret_expires_at: datetime | None = Field(
        description="Until then every message carries a signature of the secret before the last rotation too."
    )
    created_at: datetime
    links: EndpointLinks


class EndpointWithSecret(Endpoint):
    """A registered webhook with its new secret, which is never shown again."""

    secret: str = Field(description="`whsec_…`: give it to a Standard Webhooks library as it is.")


class EndpointPage(Answer):
    """Registered webhooks, the newest first."""

    data: list[Endpoint]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


class Redelivered(Answer):
    """What is sent once more."""

    redelivered: int = Field(ge=0, description="How many deliveries are due again, up to 1,000 for one call.")
    has_more: bool = Field(description="Whether there are others: call again.")


def present_endpoint(row: EndpointRow) -> Endpoint:
    """Return the webhook as callers see it."""
    address = f"/v1/webhooks/{row.id}"
    return Endpoint(
        id=row.id,
        url=row.url,
        events=row.events,
        description=row.description,
        enabled=row.disabled_at is None,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
        failing_since=row.failing_since,
        previous_secret_expires_at=row.previous_secret_expires_at,
        created_at=row.created_at,
        links=EndpointLinks(self=address, deliveries=f"{address}/deliveries"),
    )


def present_new_secret(new: NewSecret) -> EndpointWithSecret:
    """Return the webhook with the secret that it has just been given."""
    return EndpointWithSecret(**dict(present_endpoint(new.endpoint)), secret=new.secret)


def present_endpoints(rows: Sequence[EndpointRow], limit: int) -> EndpointPage:
    """Return the page of the first `limit` webhooks; one row more says that another page follows."""
    page = rows[:limit]
    cursor = encode_endpoints_cursor(page[-1].id) if len(rows) > limit else None
    return EndpointPage(data=[present_endpoint(row) for row in page], next_cursor=cursor)


def present_redelivered(count: RedeliveredCount) -> Redelivered:
    """Return what is sent once more as callers see it."""
    return Redelivered(redelivered=count.count, has_more=count.has_more)
