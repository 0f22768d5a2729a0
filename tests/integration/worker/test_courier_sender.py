"""The sender on real sockets: receivers that answer, fail, stall, flood, redirect, and are not who they say."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import httpcore
import pytest
import trustme

from shared.queries.delivery_claims import Answer
from tests.receivers import RawReceiver, Receiver
from tests.servers import find_free_port
from tests.unit.shared.test_webhook_addresses import HOSTILE_HOSTS, HOSTILE_URLS
from worker.webhook_sender import HTTPSender

NAME = "hooks.example.com"
HEADERS = {"webhook-id": "1", "webhook-timestamp": "2", "webhook-signature": "v1,x"}
SECONDS = 1.0


@pytest.fixture
def sender() -> HTTPSender:
    return HTTPSender(SECONDS, allow_private=True)


def send(sender: HTTPSender, url: str) -> Answer:
    return sender.send(url, HEADERS, '{"说明":"中文"}'.encode())


def test_an_event_arrives_whole(sender: HTTPSender) -> None:
    with Receiver(body="谢谢".encode()) as receiver:
        answer = send(sender, receiver.url)

    (request,) = receiver.requests
    assert answer == Answer(200, None, "谢谢")
    assert (request.path, request.body.decode()) == ("/hooks?token=1", '{"说明":"中文"}')
    assert request.headers["host"] == f"127.0.0.1:{receiver.url.split(':')[2].split('/')[0]}"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["webhook-signature"] == "v1,x"


@pytest.mark.parametrize("status", [201, 204, 400, 404, 410, 429, 500, 503])
def test_the_status_is_the_verdict(sender: HTTPSender, status: int) -> None:
    with Receiver([status], body=b"") as receiver:
        answer = send(sender, receiver.url)

    assert (answer.status_code, answer.is_success) == (status, status < 300)


def test_a_redirect_is_not_followed(sender: HTTPSender) -> None:
    with Receiver() as target, Receiver([307], headers={"Location": target.url}) as receiver:
        answer = send(sender, receiver.url)

    assert (answer.status_code, answer.is_success, answer.error) == (307, False, "Redirects are not followed.")
    assert (len(receiver.requests), target.requests) == (1, [])


IN_2099 = "Fri, 02 Jan 2099 00:00:00 GMT"


@pytest.mark.parametrize(
    ("status", "value", "seconds"),
    [
        (429, "7", 7.0),
        (503, "7", 7.0),
        (503, IN_2099, 86_400.0),
        (429, "soon", None),
        (500, "7", None),
        (200, "7", None),
    ],
)
def test_a_busy_receiver_says_how_long_to_leave_it_alone(
    sender: HTTPSender, status: int, value: str, seconds: float | None
) -> None:
    with Receiver([status], headers={"Retry-After": value}) as receiver:
        answer = send(sender, receiver.url)

    assert (answer.status_code, answer.retry_after_seconds) == (status, seconds)


def trickle_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.1)


def flood_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(10_000):
        connection.sendall(b"x-flood: " + b"y" * 1_000 + b"\r\n")


def repeat_informational_answers(connection: socket.socket) -> None:
    for _ in range(100_000):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10)
        time.sleep(0.01)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def hang(_: socket.socket) -> None:
    time.sleep(3)


def talk_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"220 smtp.example.com ESMTP\r\n")


def hang_up(_: socket.socket) -> None:
    return


@pytest.mark.parametrize(
    "behave",
    [hang, trickle_headers, flood_headers, repeat_informational_answers, reset, talk_nonsense, hang_up],
)
def test_a_receiver_that_misbehaves_fails_in_bounded_time(
    sender: HTTPSender, behave: Callable[[socket.socket], None]
) -> None:
    started = time.monotonic()

    with RawReceiver(behave) as receiver:
        answer = send(sender, receiver.url)

    assert (answer.status_code, answer.is_success) == (None, False)
    assert answer.error
    assert len(answer.error) <= 200
    assert time.monotonic() - started < SECONDS + 0.5


def flood_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"z" * 65_536 + b"\r\n")


def trickle_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"z")
        time.sleep(0.1)


def break_off_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nzz\0\xff")


@pytest.mark.parametrize(("behave", "chars"), [(flood_body, 200), (trickle_body, None), (break_off_body, 4)])
def test_a_2xx_counts_whatever_becomes_of_its_body(
    sender: HTTPSender, behave: Callable[[socket.socket], None], chars: int | None
) -> None:
    started = time.monotonic()

    with RawReceiver(behave) as receiver:
        answer = send(sender, receiver.url)

    excerpt = answer.excerpt or ""
    assert answer.is_success
    assert excerpt.startswith("zz")
    assert "\0" not in excerpt
    assert chars is None or len(excerpt) == chars
    assert time.monotonic() - started < SECONDS + 0.5


def test_nobody_there_is_a_failure_and_not_an_error(sender: HTTPSender) -> None:
    answer = send(sender, f"http://127.0.0.1:{find_free_port()}/")

    assert answer.status_code is None
    assert (answer.error or "").startswith("ConnectError: ")


class Resolver:
    """Answers for the name as told, in turn, and counts how often it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = answers, 0
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != NAME:
            return self._real(host, port, *args, **options)
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [found for address in addresses for found in self._real(address, port, *args, **options)]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Resolver]:
    def answer(*answers: list[str]) -> Resolver:
        resolver = Resolver(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        return resolver

    return answer


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1"], ["8.8.8.8", "127.0.0.1"], ["fec0::1"]])
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    resolve: Callable[..., Resolver], addresses: list[str]
) -> None:
    resolve(addresses)
    with RawReceiver(hang_up) as receiver:
        port = receiver.url.split(":")[2].rstrip("/")

        answer = send(HTTPSender(SECONDS, allow_private=False), f"https://{NAME}:{port}/")

        assert answer.error == "AddressRefused: The host leads to an address that is not public."
        assert receiver.connections == 0


def test_every_hostile_address_is_refused_again_before_any_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: looked_up.append(host))
    sender = HTTPSender(SECONDS, allow_private=False)
    hostile = [f"https://{host}/hook" for host in HOSTILE_HOSTS] + HOSTILE_URLS

    answers = [send(sender, url) for url in hostile]

    assert len(hostile) > 120
    assert [url for url, answer in zip(hostile, answers, strict=True) if answer.status_code or not answer.error] == []
    assert looked_up == []


def test_a_name_that_changes_its_mind_is_connected_to_at_the_address_that_was_checked(
    resolve: Callable[..., Resolver], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve(["8.8.8.8"], ["127.0.0.1"])
    connected: list[str] = []

    def connect(_: object, host: str, *args: Any, **options: Any) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("unreachable")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with RawReceiver(hang_up) as receiver:
        answer = send(HTTPSender(SECONDS, allow_private=False), f"https://{NAME}:{receiver.port}/")

    assert (connected, resolver.asked) == (["8.8.8.8"], 1)
    assert (answer.error, receiver.connections) == ("ConnectError: unreachable", 0)


def test_plain_http_is_refused_however_the_row_came_by_it() -> None:
    answer = send(HTTPSender(SECONDS, allow_private=False), "http://hooks.example.com/")

    assert answer == Answer(error="The webhook's address must begin with https://.")


def test_a_name_is_looked_up_once_and_its_addresses_are_tried_in_turn(
    resolve: Callable[..., Resolver], sender: HTTPSender
) -> None:
    # Nobody listens at the first; a second look-up would lead nowhere.
    resolver = resolve(["127.0.0.2", "127.0.0.1"], ["192.0.2.1"])
    with Receiver() as receiver:
        answer = send(sender, f"http://{NAME}:{receiver.port}/")

    assert (answer.status_code, resolver.asked) == (200, 1)
    assert receiver.requests[0].headers["host"] == f"{NAME}:{receiver.port}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serve_tls(authority: trustme.CA, name: str) -> Receiver:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return Receiver(tls=context)


def trust(authority: trustme.CA) -> HTTPSender:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return HTTPSender(SECONDS, allow_private=True, tls=context)


def test_over_tls_the_certificate_must_be_the_names_own(
    resolve: Callable[..., Resolver], authority: trustme.CA
) -> None:
    resolve(["127.0.0.1"])
    with serve_tls(authority, NAME) as right, serve_tls(authority, "other.example.com") as wrong:
        taken = send(trust(authority), f"https://{NAME}:{right.port}/")
        refused = send(trust(authority), f"https://{NAME}:{wrong.port}/")

    assert taken.status_code == 200
    assert "CERTIFICATE_VERIFY_FAILED" in (refused.error or "")
    assert (len(right.requests), wrong.requests) == (1, [])


def test_a_certificate_that_nobody_vouches_for_is_refused(
    resolve: Callable[..., Resolver], authority: trustme.CA, sender: HTTPSender
) -> None:
    resolve(["127.0.0.1"])
    with serve_tls(authority, NAME) as receiver:
        answer = send(sender, f"https://{NAME}:{receiver.port}/")

    assert "CERTIFICATE_VERIFY_FAILED" in (answer.error or "")
    assert receiver.requests == []
