"""Bytes on a bare socket, for requests that no HTTP client would send."""

import re
import socket
from urllib.parse import urlsplit

ANSWER_SECONDS = 20
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")  # not only at a line's start: the answer before ends without one


def connect(address: str) -> socket.socket:
    """Return a connection to the service."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=ANSWER_SECONDS)


def exchange(address: str, request: bytes) -> bytes:
    """Send these bytes, say that there are no more, and return all that is answered until the service hangs up.

    Raises:
        TimeoutError: it neither answers nor hangs up.
    """
    with connect(address) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # hung up on while sending: what was answered before is read all the same
        return read_to_end(connection)


def read_to_end(connection: socket.socket) -> bytes:
    """Return what comes until the other side hangs up."""
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass  # unread input was left on the other side; what came before counts
    return received


def list_statuses(answers: bytes) -> list[int]:
    """Return the status of each answer in what was received."""
    return [int(status) for status in STATUS_LINE.findall(answers)]
