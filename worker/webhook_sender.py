"""Sends one signed event to one address and says what came of it.

httpcore and not a full HTTP client: no redirects, proxies, cookies or environment that could lead a request astray,
and the network below it is ours (`guarded_network.py`).
"""

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import certifi
import httpcore

from shared.clock import Clock, SystemClock
from shared.errors import WebhookURLRefused
from shared.queries.delivery_claims import Answer
from shared.webhook_addresses import WebhookAddress, parse_webhook_url
from worker.guarded_network import Deadline, GuardedNetwork
from worker.retries import parse_retry_after

EXCERPT_BYTES = 200
# The verdict is the status; a body that does not come is not worth a thread.
EXCERPT_SECONDS = 2.0
MAX_ERROR_CHARS = 200
ASKS_FOR_PATIENCE = (429, 503)  # whose `Retry-After` is heeded


class WebhookSender(Protocol):
    """Delivers events."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST the body and return the answer, or why there is none; never raises for what a receiver does."""
        ...


def create_tls_context() -> ssl.SSLContext:
    """Return a context that trusts the machine's certificates, so also a company's own, and the public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, slots=True)
class HTTPSender:
    """Sends over HTTPS to public addresses; each attempt on its own connection, under its own deadline."""

    timeout_seconds: float
    allow_private: bool
    tls: ssl.SSLContext = field(default_factory=create_tls_context)
    clock: Clock = field(default_factory=SystemClock)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST the body and return the answer, or why there is none; never raises for what a receiver does."""
        deadline = Deadline(self.timeout_seconds)
        network = GuardedNetwork(deadline, allow_private=self.allow_private)
        try:
            address = parse_webhook_url(url, allow_private=self.allow_private)
            with (
                httpcore.ConnectionPool(ssl_context=self.tls, network_backend=network) as pool,
                _post(pool, address, headers, body) as response,
            ):
                deadline.shorten(EXCERPT_SECONDS)
                return _read_answer(response, self.clock.now())
        except WebhookURLRefused as err:
            return Answer(error=err.detail[:MAX_ERROR_CHARS])
        except httpcore.TimeoutException:
            return Answer(error=f"No complete answer came within {self.timeout_seconds:g} seconds.")
        except (httpcore.NetworkError, httpcore.ProtocolError) as err:
            return Answer(error=f"{type(err).__name__}: {err}"[:MAX_ERROR_CHARS])


def _post(
    pool: httpcore.ConnectionPool, address: WebhookAddress, headers: Mapping[str, str], body: bytes
) -> AbstractContextManager[httpcore.Response]:
    """Return the exchange, to be entered: its status and headers have come, its body has not."""
    url = httpcore.URL(
        scheme=address.scheme.encode(), host=address.host.encode(), port=address.port, target=address.target.encode()
    )
    own = {
        "host": address.authority,
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(body)),
        "user-agent": "sentiq",
        "connection": "close",
    }
    return pool.stream("POST", url, headers=list((own | dict(headers)).items()), content=body)


def _read_answer(response: httpcore.Response, now: datetime) -> Answer:
    error = "Redirects are not followed." if 300 <= response.status < 400 else None
    return Answer(response.status, error, _read_excerpt(response), _find_retry_after(response, now))


def _find_retry_after(response: httpcore.Response, now: datetime) -> float | None:
    if response.status not in ASKS_FOR_PATIENCE:
        return None
    found = (value for name, value in response.headers if name.lower() == b"retry-after")
    return parse_retry_after(next(found, b"").decode("ascii", "replace"), now)


def _read_excerpt(response: httpcore.Response) -> str:
    """Return the first bytes of the body as text that both databases can store."""
    excerpt = b""
    try:
        for chunk in response.iter_stream():
            excerpt += chunk
            if len(excerpt) >= EXCERPT_BYTES:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass  # the status has come, and with it the verdict
    return excerpt[:EXCERPT_BYTES].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
