"""Registered webhooks of a tenant: refused early if they could never be sent, and each with a secret of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from api.core import Core
from shared.errors import TooManyWebhooks
from shared.models import Endpoint
from shared.queries import endpoints, tenants
from shared.secret_box import create_secret, open_secret_box
from shared.states import DisabledReason, EventType
from shared.webhook_addresses import parse_webhook_url

log = structlog.get_logger(__name__)

MAX_ENDPOINTS = 50  # of one tenant: each event is stored once for each of them


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What to change of an endpoint; None leaves a thing as it is."""

    url: str | None = None
    events: Sequence[EventType] | None = None
    description: str | None = None  # an empty one is taken away
    is_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint with the secret that it has just been given, which is never shown again."""

    endpoint: Endpoint
    secret: str


def create_endpoint(
    core: Core, tenant_id: int, *, url: str, events: Sequence[EventType], description: str | None
) -> NewSecret:
    """Register an endpoint, enabled.

    Raises:
        WebhookURLRefused: the courier would never connect to its address.
        WebhookKeysMissing: its secret could not be stored.
        TooManyWebhooks: the tenant has fifty.
    """
    parse_webhook_url(url, allow_private=core.settings.webhook_allow_private)
    secret, box = create_secret(), open_secret_box(core.settings)
    with core.database.writing() as session:
        tenants.lock_tenant(session, tenant_id)  # so that two at once cannot both take the last place
        if endpoints.count_endpoints(session, tenant_id) >= MAX_ENDPOINTS:
            raise TooManyWebhooks(f"There are {MAX_ENDPOINTS} webhooks already: delete one first.")
        endpoint = endpoints.insert_endpoint(
            session,
            tenant_id,
            url=url,
            events=list(dict.fromkeys(events)),
            description=description or None,
            secret=box.encrypt(secret),
            now=core.clock.now(),
        )
    log.info("webhook_created", endpoint_id=str(endpoint.id), tenant_id=tenant_id)
    return NewSecret(endpoint, secret)


def list_endpoints(core: Core, tenant_id: int, *, limit: int, before: UUID | None) -> Sequence[Endpoint]:
    """Return up to `limit` of the tenant's endpoints, newest first, and one more if there is one."""
    with core.database.reading() as session:
        return endpoints.list_endpoints(session, tenant_id, limit=limit + 1, before=before)


def read_endpoint(core: Core, tenant_id: int, endpoint_id: UUID) -> Endpoint:
    """Return the endpoint.

    Raises:
        WebhookNotFound: the tenant has none with this id.
    """
    with core.database.reading() as session:
        return endpoints.get_endpoint(session, tenant_id, endpoint_id)


def update_endpoint(core: Core, tenant_id: int, endpoint_id: UUID, change: EndpointChange) -> Endpoint:
    """Change the endpoint, and return it as it is now; what waits for it goes to a new address too.

    Raises:
        WebhookNotFound: the tenant has none with this id.
        WebhookURLRefused: the courier would never connect to its address.
    """
    if change.url is not None:
        parse_webhook_url(change.url, allow_private=core.settings.webhook_allow_private)
    with core.database.writing() as session:
        endpoint = endpoints.lock_endpoint(session, tenant_id, endpoint_id)
        _apply(endpoint, change, core.clock.now())
        session.flush()
        if change.is_enabled is False:
            endpoints.disable_endpoint(session, endpoint_id, DisabledReason.BY_OWNER, core.clock.now())
            session.refresh(endpoint)
    log.info("webhook_updated", endpoint_id=str(endpoint_id), enabled=endpoint.disabled_at is None)
    return endpoint


def _apply(endpoint: Endpoint, change: EndpointChange, now: datetime) -> None:
    if change.url is not None or change.is_enabled:
        endpoint.renewed_at, endpoint.failing_since = now, None
    if change.url is not None:
        endpoint.url = change.url
    if change.events is not None:
        endpoint.events = list(dict.fromkeys(change.events))
    if change.description is not None:
        endpoint.description = change.description or None
    if change.is_enabled:
        endpoint.disabled_at = endpoint.disabled_reason = None


def delete_endpoint(core: Core, tenant_id: int, endpoint_id: UUID) -> None:
    """Delete the endpoint with its secrets; what was sent to it stays in the log of its jobs.

    Raises:
        WebhookNotFound: the tenant has none with this id.
    """
    with core.database.writing() as session:
        endpoint = endpoints.lock_endpoint(session, tenant_id, endpoint_id)
        endpoints.erase_endpoint(session, endpoint, core.clock.now())
    log.info("webhook_deleted", endpoint_id=str(endpoint_id))


def rotate_secret(core: Core, tenant_id: int, endpoint_id: UUID) -> NewSecret:
    """Give the endpoint a new secret; the one before signs beside it until the overlap of the settings is over.

    Raises:
        WebhookNotFound: the tenant has none with this id.
        WebhookKeysMissing: the secret could not be stored.
    """
    secret, box, now = create_secret(), open_secret_box(core.settings), core.clock.now()
    with core.database.writing() as session:
        endpoint = endpoints.lock_endpoint(session, tenant_id, endpoint_id)
        endpoint.previous_secret, endpoint.secret = endpoint.secret, box.encrypt(secret)
        endpoint.previous_secret_expires_at = now + timedelta(hours=core.settings.webhook_rotation_hours)
    log.info("webhook_secret_rotated", endpoint_id=str(endpoint_id))
    return NewSecret(endpoint, secret)
