"""Signs webhooks as the Standard Webhooks specification says, so that receivers can verify them with its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
# The specification's bounds: less could be guessed, more is hashed down anyway.
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
ENCRYPTION_KEY_BYTES = 32  # of the key that encrypts stored secrets


def check_secret(secret: str) -> None:
    """Refuse a secret that is not `whsec_` and 24 to 64 bytes in base64.

    Raises:
        ValueError: with what is wrong, and never with the secret.
    """
    if not secret.startswith(PREFIX):
        raise ValueError(f"must begin with {PREFIX}, then 24 to 64 random bytes in base64")
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"what follows {PREFIX} must be base64") from None
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(f"must hold 24 to 64 bytes in base64, and holds {len(key)}")


def split_encryption_keys(value: str) -> list[str]:
    """Return the keys of a comma-separated list, each 32 bytes in URL-safe base64, as Fernet takes them.

    Raises:
        ValueError: with what is wrong, and never with a key.
    """
    keys = [key.strip() for key in value.split(",")]
    for key in keys:
        try:
            size = len(b64decode(key, altchars=b"-_", validate=True))
        except ValueError:
            raise ValueError("must be URL-safe base64, or several separated by commas") from None
        if size != ENCRYPTION_KEY_BYTES:
            raise ValueError(f"must hold {ENCRYPTION_KEY_BYTES} bytes in URL-safe base64, and holds {size}")
    return keys


def sign(secrets: Sequence[str], webhook_id: str, sent_at: datetime, body: str) -> dict[str, str]:
    """Return the three headers; each secret adds a signature, so that receivers can change over in their own time."""
    signatures = (Webhook(secret).sign(msg_id=webhook_id, timestamp=sent_at, data=body) for secret in secrets)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
