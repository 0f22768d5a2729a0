"""Connections of gunicorn's threaded worker that have an end, whatever the caller does.

Gunicorn's own wait for ever for the rest of a request, or for a caller to read its answer, with one of the few
threads; they hold a thread for 5 s before the first byte; and they wait 2 s for a caller to hang up in the one thread
that accepts all connections, so that fifteen callers that do not could get the process killed as unresponsive.
"""

import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from api.request_errors import RequestTooSlow

# A request may take this long in all, and longer by what its size takes at this speed (a modem's 64 kbit/s).
PATIENCE_SECONDS = 10.0
SLOWEST_BYTES_PER_SECOND = 8_000
# Nor may it stall for so long, however much came before: an upload could buy days.
STALL_SECONDS = 60.0
# An answer goes out in pieces, each of which the caller must take within the same patience.
PIECE_BYTES = 65_536
# How long a thread waits for the first byte of a new connection, before that goes to the poller.
FIRST_BYTE_SECONDS = 0.05
# How long a caller that is hung up on may go on sending, lest the answer be lost (RFC 9112, section 9.6).
LINGER_SECONDS = 0.5
MAX_LINGER_BYTES = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is not sent by then is dropped, and the other end is told


class PatientSocket(socket.socket):
    """A socket that reads each request within a deadline that moves with what has come, and writes as patiently."""

    def __init__(self, accepted: socket.socket) -> None:
        """Take over a connection that was accepted."""
        super().__init__(fileno=accepted.detach())
        self._deadline = 0.0
        self._is_aborted = False
        self.last_moment = inf  # for what comes of this request, however much has come

    def begin_request(self) -> None:
        """Start the clock for the next request."""
        self._deadline = time.monotonic() + PATIENCE_SECONDS

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return what comes next of the request, or nothing at the end.

        Raises:
            RequestTooSlow: it did not come in time.
        """
        shorter = self.gettimeout()  # gunicorn's own, for what the application left unread
        now = time.monotonic()
        if now >= self.last_moment:
            raise RequestTooSlow
        seconds = max(0.001, min(STALL_SECONDS, self._deadline - now, self.last_moment - now))
        self.settimeout(seconds if shorter is None else min(seconds, shorter))
        try:
            data = super().recv(size, flags)
        except TimeoutError as err:
            if shorter is not None:
                raise
            raise RequestTooSlow from err
        finally:
            self.settimeout(shorter)
        self._deadline += len(data) / SLOWEST_BYTES_PER_SECOND
        return data

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send the bytes.

        Raises:
            TimeoutError: the caller did not take a piece of them in time.
        """
        self.settimeout(PATIENCE_SECONDS)
        whole = memoryview(data)
        try:
            for start in range(0, len(whole), PIECE_BYTES):
                super().sendall(whole[start : start + PIECE_BYTES], flags)
        finally:
            self.settimeout(None)

    def abort(self) -> None:
        """Let the connection end with an error, since a mere end would look like the end of the answer."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._is_aborted = True

    def hang_up(self) -> None:
        """Say that no more is coming and read on for a moment; closed at once, a socket may drop the answer."""
        if self._is_aborted:
            return
        deadline, drained = time.monotonic() + LINGER_SECONDS, 0
        with suppress(OSError):
            self.shutdown(socket.SHUT_WR)
            while drained < MAX_LINGER_BYTES and (seconds := deadline - time.monotonic()) > 0:
                self.settimeout(seconds)
                if not (data := super().recv(4_096)):
                    break
                drained += len(data)


def find_connection(environ: Mapping[str, Any]) -> PatientSocket | None:
    """Return the connection of a request; None where another server serves it, or a test."""
    connection = environ.get("gunicorn.socket")
    return connection if isinstance(connection, PatientSocket) else None


@contextmanager
def hurrying(environ: Mapping[str, Any], seconds: float) -> Iterator[None]:
    """Let no read of this request's body last beyond so many seconds, however much of it comes."""
    connection = find_connection(environ)
    if connection is None:
        yield
        return
    connection.last_moment = time.monotonic() + seconds
    try:
        yield
    finally:
        connection.last_moment = inf


class BoundedConnection(TConn):  # type: ignore[misc]
    """A connection on which no caller can hold a thread for long; without TLS, which is left to a proxy."""

    sock: PatientSocket

    def wait_for_data(self, timeout: float) -> bool:
        """Return whether a first byte is there, without waiting for it longer than one that is on its way takes."""
        return bool(super().wait_for_data(min(timeout, FIRST_BYTE_SECONDS)))

    def close(self, graceful: bool = False) -> None:
        """Close at once: the main thread, which calls this, must wait for nobody."""
        super().close()
