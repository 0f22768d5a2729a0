"""What the client takes from the environment; nothing else reads `os.environ`."""

import os
from enum import StrEnum

DEFAULT_URL = "http://127.0.0.1:7860"


class Language(StrEnum):
    """In what the command speaks."""

    CHINESE = "zh"
    ENGLISH = "en"


def read_url() -> str:
    """Return the address of the service: SENTIQ_URL, or that of one on this machine."""
    return os.environ.get("SENTIQ_URL") or DEFAULT_URL


def read_api_key() -> str | None:
    """Return SENTIQ_API_KEY, or None: a service without keys needs none from its own machine."""
    return os.environ.get("SENTIQ_API_KEY") or None


def read_webhook_secret() -> str | None:
    """Return SENTIQ_WEBHOOK_SECRET (`whsec_…`), or None."""
    return os.environ.get("SENTIQ_WEBHOOK_SECRET") or None


def read_language() -> Language:
    """Return the language of the locale, by the order of POSIX: the first of these that is set decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return Language.CHINESE if value.lower().startswith("zh") else Language.ENGLISH
    return Language.ENGLISH


def wants_tracebacks() -> bool:
    """Return whether SENTIQ_DEBUG is set: unexpected errors are then shown with where they came from."""
    return bool(os.environ.get("SENTIQ_DEBUG"))
