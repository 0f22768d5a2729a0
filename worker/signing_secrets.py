"""Finds what an event is signed with: its endpoint's own secrets, or the service's for a job's own webhook."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

import structlog

from shared.errors import SecretUnreadable, WebhookDisabled, WebhooksNotConfigured
from shared.queries.delivery_claims import ClaimedDelivery
from shared.secret_box import open_secret_box
from shared.settings import Settings

log = structlog.get_logger(__name__)


def find_secrets(settings: Settings, claimed: ClaimedDelivery, now: datetime) -> list[str]:
    """Return the secrets that sign the delivery, the newest first: two while a rotation lasts and both can be read.

    Raises:
        WebhookDisabled: nothing is sent to this endpoint any more.
        WebhookKeysMissing, SecretUnreadable: the endpoint's secret cannot be read with these settings.
        WebhooksNotConfigured: the service has no secret of its own.
    """
    if claimed.endpoint_id is None:
        if settings.webhook_secret is None:
            raise WebhooksNotConfigured("SENTIQ_WEBHOOK_SECRET is not set, so the event cannot be signed.")
        return [settings.webhook_secret.get_secret_value()]
    endpoint = claimed.endpoint
    if endpoint is None or claimed.is_unwanted:
        raise WebhookDisabled("The webhook is disabled, so nothing is sent.")
    box = open_secret_box(settings)
    secrets = [box.decrypt(endpoint.secret)]
    expires_at = endpoint.previous_secret_expires_at
    if endpoint.previous_secret is not None and expires_at is not None and now < expires_at:
        # A lost encryption key is mended by a rotation, and then this is the secret that the lost key had encrypted.
        try:
            secrets.append(box.decrypt(endpoint.previous_secret))
        except SecretUnreadable:
            _warn_of_unreadable(endpoint.id, expires_at)
    return secrets


@lru_cache(maxsize=1_000)  # so that a rotation is warned of once, and not with every event
def _warn_of_unreadable(endpoint_id: UUID, expires_at: datetime) -> None:
    log.warning("previous_secret_unreadable", endpoint_id=str(endpoint_id), until=expires_at.isoformat())
