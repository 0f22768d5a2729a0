"""The one id that follows a request: from its HTTP header to the job, the workers' logs and the webhook.

Whoever sends a request may choose it; whoever runs the service finds its whole path by it.
"""

import re
from collections.abc import Iterable
from uuid import uuid4

import structlog

REQUEST_ID_HEADER = "X-Request-ID"
MAX_REQUEST_ID_CHARS = 128
MAX_LOGGED_IDS = 20
_ACCEPTABLE = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_REQUEST_ID_CHARS}}}")


def choose_request_id(given: str | None) -> str:
    """Return the caller's own id if it is a harmless one, else a new one."""
    if given is not None and _ACCEPTABLE.fullmatch(given):
        return given
    return uuid4().hex


def find_request_id() -> str | None:
    """Return the id of the request that is being answered, or None outside of any."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return found if isinstance(found, str) else None


def list_ids(found: Iterable[str | None]) -> list[str]:
    """Return the different ones among these ids, twenty at most, for log lines about the texts of several jobs."""
    return sorted({one for one in found if one is not None})[:MAX_LOGGED_IDS]
