"""Encrypts the secrets of endpoints at rest; they must be read again, since every event is signed with them.

Fernet (AES-128-CBC with HMAC-SHA256) of the `cryptography` package; docs/decisions/0012-webhook-endpoints.md says why.
"""

import os
import secrets
import tempfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.errors import SecretUnreadable, WebhookKeysMissing
from shared.settings import Settings
from shared.signing import PREFIX, split_encryption_keys

KEY_FILE = "webhook.key"
SECRET_BYTES = 32


def create_secret() -> str:
    """Return a new secret of the form that the Standard Webhooks specification asks for."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


class SecretBox:
    """Encrypts with the first of its keys, and decrypts with whichever fits."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys of 32 bytes in URL-safe base64, the newest first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, secret: str) -> str:
        """Return what may be stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """Return the secret.

        Raises:
            SecretUnreadable: none of the keys fits.
        """
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken as err:
            raise SecretUnreadable from err


def open_secret_box(settings: Settings) -> SecretBox:
    """Return the box with the keys of the settings, or else with a key of its own beside the database.

    Raises:
        WebhookKeysMissing: no keys are set, and the database is not a file in the state folder.
    """
    if settings.webhook_encryption_keys is not None:
        return SecretBox(split_encryption_keys(settings.webhook_encryption_keys.get_secret_value()))
    if settings.database_url is not None:
        raise WebhookKeysMissing
    return SecretBox([_get_own_key(settings.state_dir / KEY_FILE)])


def _get_own_key(path: Path) -> str:
    """Return the key in the file; the first process to ask writes it, whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=KEY_FILE) as new:  # readable by its owner only
            new.write(urlsafe_b64encode(secrets.token_bytes(32)).decode())
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):  # another process was faster, and its key is the one
                os.link(new.name, path)
    return path.read_text()
