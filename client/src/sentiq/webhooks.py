"""Verifies webhooks as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from sentiq.environment import read_webhook_secret
from sentiq.errors import InputUnusable, SignatureInvalid
from sentiq.models import WebhookEvent

PREFIX = "whsec_"
VERSION = "v1"
TOLERANCE_SECONDS = 300.0
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def verify_webhook(
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes,
    secret: str | None = None,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: datetime | None = None,
) -> WebhookEvent:
    """Return the event, if it was signed with this secret (by default SENTIQ_WEBHOOK_SECRET) and is not old.

    `headers` are those of any framework, pairs of name and value too. `body` must be the bytes as they came: JSON that
    was read and written again has another signature.

    Raises:
        SignatureInvalid: do not believe it; answer 400.
        InputUnusable: the secret is none.
    """
    key = _read_key(check_secret(secret or read_webhook_secret()))
    given = {name.lower(): value for name, value in dict(headers).items()}
    missing = [name for name in HEADERS if not given.get(name)]
    if missing:
        raise SignatureInvalid("webhook_headers_missing", names=", ".join(missing))
    webhook_id, timestamp, signatures = (given[name] for name in HEADERS)
    _check_age(timestamp, now or datetime.now(UTC), tolerance_seconds)
    expected = b64encode(hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256))
    if not any(hmac.compare_digest(expected, one) for one in _list_signatures(signatures)):
        raise SignatureInvalid("webhook_signature_wrong")
    try:
        return WebhookEvent.model_validate_json(body).model_copy(update={"id": webhook_id})
    except ValidationError as err:
        raise SignatureInvalid("webhook_unreadable") from err


def check_secret(secret: str | None) -> str:
    """Return the secret, if it is one.

    Raises:
        InputUnusable: there is none, or it was not copied whole.
    """
    if not secret:
        raise InputUnusable("webhook_secret_missing")
    try:
        key = _read_key(secret)
    except ValueError:
        key = b""
    if not key:
        raise InputUnusable("webhook_secret_unusable")
    return secret


def _read_key(secret: str) -> bytes:
    encoded = secret.removeprefix(PREFIX)
    return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)


def _check_age(timestamp: str, now: datetime, tolerance_seconds: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise SignatureInvalid("webhook_timestamp_unusable")
    age = now.timestamp() - int(timestamp)
    if abs(age) > tolerance_seconds:
        raise SignatureInvalid("webhook_age", seconds=f"{age:.0f}", limit=f"{tolerance_seconds:g}")


def _list_signatures(header: str) -> list[bytes]:
    """Return the signatures of our version; after a change of secrets there are two."""
    parts = (signature.partition(",") for signature in header.split())
    return [value.encode(errors="replace") for version, _, value in parts if version == VERSION]
