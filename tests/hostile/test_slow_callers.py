"""Callers that stall cost the others a few seconds at most, however many they are."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from api.connections import PATIENCE_SECONDS
from tests.hostile.sockets import connect, list_statuses, read_to_end
from tests.hostile.target import SETTINGS, serves_a_job

MANY = 2 * int(SETTINGS["api_threads"])  # more than there are threads
HEAD = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
STALLED = {
    "in the first line": b"POST /v1/jo",
    "in the headers": HEAD,
    "before the body": HEAD + b"Content-Length: 20\r\n\r\n",
    "in the body": HEAD + b'Content-Length: 20\r\n\r\n{"texts": ',
    "in a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n14\r\n{",
    "between chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


@pytest.fixture
def connections(target: str) -> Iterator[list[socket.socket]]:
    """Many connections to the service."""
    with ExitStack() as stack:
        yield [stack.enter_context(connect(target)) for _ in range(MANY)]


def test_callers_that_stall_are_told_so_and_the_next_is_served(target: str, connections: list[socket.socket]) -> None:
    beginnings = list(STALLED.values())
    for number, connection in enumerate(connections):
        connection.sendall(beginnings[number % len(beginnings)])

    assert serves_a_job(target)

    answers = [read_to_end(connection) for connection in connections]
    assert {tuple(list_statuses(answer)) for answer in answers} == {(408,)}
    assert all(b'"code":"request_too_slow"' in answer for answer in answers)


def test_a_byte_now_and_then_buys_no_time(target: str) -> None:
    started = time.monotonic()
    with connect(target) as connection:
        for byte in HEAD + b"X: " + b"a" * 60:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.1)
            if time.monotonic() > started + PATIENCE_SECONDS + 1:
                break

        assert list_statuses(read_to_end(connection)) == [408]


def test_callers_that_read_no_answer_are_hung_up_on_and_the_next_is_served(
    target: str, connections: list[socket.socket]
) -> None:
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        for _ in range(20):  # more than the buffers on the way can hold
            connection.sendall(b"GET /docs/redoc.js HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert serves_a_job(target)
