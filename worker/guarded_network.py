"""The network as the courier sees it: every attempt has one deadline, and only checked addresses are connected to.

The name is resolved here, once, and the connection goes to the address that was checked: a name that answers
differently a moment later changes nothing. The deadline covers everything after the look-up, so that a receiver which
sends a byte now and then holds a courier's thread no longer than one that is silent.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from ipaddress import ip_address

import httpcore

from shared.webhook_addresses import is_public

CONNECT_SECONDS = 5.0


class AddressRefused(httpcore.ConnectError):
    """The host does not lead to public addresses only."""


class Deadline:
    """A moment that no wait goes beyond."""

    def __init__(self, seconds: float) -> None:
        """Begin to count."""
        self._ends_at = time.monotonic() + seconds

    def shorten(self, seconds: float) -> None:
        """Leave no more than so many seconds from now."""
        self._ends_at = min(self._ends_at, time.monotonic() + seconds)

    def limit(self, error: type[httpcore.TimeoutException], seconds: float | None = None) -> float:
        """Return how long the next wait may be, `seconds` at most, or raise `error` if there is no time left."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise error("The deadline has passed.")
        return left if seconds is None else min(left, seconds)


class GuardedNetwork(httpcore.NetworkBackend):
    """Connects to public addresses only, unless private ones are allowed, and keeps to one deadline."""

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        """Serve one attempt."""
        self._deadline, self._allow_private = deadline, allow_private
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            AddressRefused: one of its addresses is not public; a host with both kinds is not to be trusted at all.
        """
        addresses = _resolve(host, port)
        if not self._allow_private and not all(is_public(ip_address(address)) for address in addresses):
            raise AddressRefused("The host leads to an address that is not public.")
        failure: Exception = httpcore.ConnectError("The host has no address.")
        for address in addresses:
            wait = self._deadline.limit(httpcore.ConnectTimeout, CONNECT_SECONDS)
            try:
                return _TimedStream(self._network.connect_tcp(address, port, wait), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as err:
                failure = err
        raise failure


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise httpcore.ConnectError(f"The host name {host} cannot be resolved.") from err
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no wait goes beyond the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.limit(httpcore.ReadTimeout, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.limit(httpcore.WriteTimeout, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wait = self._deadline.limit(httpcore.ConnectTimeout, timeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, wait), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
