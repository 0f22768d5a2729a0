"""Finds what an event is signed with: its endpoint's own secrets, or the service's for a job's own webhook."""

from datetime import datetime

from shared.errors import WebhookDisabled, WebhooksNotConfigured
from shared.queries.delivery_claims import ClaimedDelivery
from shared.secret_box import open_secret_box
from shared.settings import Settings


def find_secrets(settings: Settings, claimed: ClaimedDelivery, now: datetime) -> list[str]:
    """Return the secrets that sign the delivery, the newest first: two while a rotation lasts.

    Raises:
        WebhookDisabled: nothing is sent to this endpoint any more.
        WebhookKeysMissing, SecretUnreadable: the secrets of endpoints cannot be read with these settings.
        WebhooksNotConfigured: the service has no secret of its own.
    """
    if claimed.endpoint_id is None:
        if settings.webhook_secret is None:
            raise WebhooksNotConfigured("SENTIQ_WEBHOOK_SECRET is not set, so the event cannot be signed.")
        return [settings.webhook_secret.get_secret_value()]
    endpoint = claimed.endpoint
    if endpoint is None or claimed.is_unwanted:
        raise WebhookDisabled("The webhook is disabled, so nothing is sent.")
    stored = [endpoint.secret]
    expires_at = endpoint.previous_secret_expires_at
    if endpoint.previous_secret is not None and expires_at is not None and now < expires_at:
        stored.append(endpoint.previous_secret)
    box = open_secret_box(settings)
    return [box.decrypt(one) for one in stored]
