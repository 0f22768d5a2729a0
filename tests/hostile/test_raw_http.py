"""Bytes that are not quite HTTP are refused or hung up on; no 5xx, no hang, and the next job is served."""

import pytest

from tests.hostile.sockets import exchange, list_statuses
from tests.hostile.target import serves_a_job

BODY = '{"texts": ["好"]}'.encode()


def get(path: bytes, *headers: bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    """Return a request without a body."""
    return b"\r\n".join((b" ".join((method, path, version)), b"Host: localhost", *headers, b"", b""))


def post(*headers: bytes, body: bytes) -> bytes:
    """Return a submission with exactly these headers, and a type."""
    lines = (b"POST /v1/jobs HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *headers, b"", body)
    return b"\r\n".join(lines)


def chunked(body: bytes, *headers: bytes) -> bytes:
    """Return a submission whose body comes in chunks as given."""
    return post(b"Transfer-Encoding: chunked", *headers, body=body)


CHUNK = b"%x\r\n%s\r\n" % (len(BODY), BODY)
# What is sent, and the statuses that may come back, one for each answer; an empty list is a clean close.
REFUSED = [[400], []]
UNFRAMED = {
    "a chunk's size is no number": (chunked(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"), [[400]]),
    "a chunk's size is negative": (chunked(b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"), [[400]]),
    "a chunk's size has a prefix": (chunked(b"0x11\r\n" + BODY + b"\r\n0\r\n\r\n"), [[400]]),
    "a chunk's size overflows": (chunked(b"f" * 40 + b"\r\n" + BODY), [[400]]),
    "a chunk's size has no end": (chunked(b"1" * 100_000), [[400]]),
    "a chunk is longer than it says": (chunked(b"2\r\n" + BODY + b"\r\n0\r\n\r\n"), [[400]]),
    "a chunk is cut off": (chunked(b"ff\r\n" + BODY), [[400]]),
    "a chunk's extension holds a bare CR": (chunked(b"1;a\rb\r\n{\r\n0\r\n\r\n"), [[400]]),
    "no last chunk": (chunked(CHUNK), [[400]]),
    "a bad trailer": (chunked(CHUNK + b"0\r\nA\0: b\r\n\r\n"), [[400]]),
    "a length and chunks": (chunked(CHUNK + b"0\r\n\r\n", b"Content-Length: 5"), [[400]]),
    "a smuggled request": (
        post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + get(b"/v1/jobs")), [[400]],
    ),
    "two lengths": (post(b"Content-Length: 5", b"Content-Length: 17", body=BODY), [[400]]),
    "a list of lengths": (post(b"Content-Length: 17, 17", body=BODY), [[400]]),
    "a negative length": (post(b"Content-Length: -17", body=BODY), [[400]]),
    "a signed length": (post(b"Content-Length: +17", body=BODY), [[400]]),
    "a length in hex": (post(b"Content-Length: 0x11", body=BODY), [[400]]),
    "a length with 5,000 digits": (post(b"Content-Length: " + b"9" * 5_000, body=BODY), [[400], [413]]),
    "too long a length": (post(b"Content-Length: 999", body=BODY), [[400]]),
    "too short a length": (post(b"Content-Length: 5", body=BODY), [[400], [400, 400]]),
    "a huge length": (post(b"Content-Length: 99999999999", body=BODY), [[413], [413, 400]]),
    "chunks within chunks": (post(b"Transfer-Encoding: chunked, chunked", body=CHUNK + b"0\r\n\r\n"), [[400]]),
    "a coding behind the chunks": (post(b"Transfer-Encoding: chunked, gzip", body=CHUNK), [[400]]),
    "an unknown coding": (post(b"Transfer-Encoding: xchunked", body=BODY), [[400]]),
    "a coding behind a vertical tab": (post(b"Transfer-Encoding: \x0bchunked", body=CHUNK), [[400]]),
    "a space before the colon": (post(b"Transfer-Encoding : chunked", body=CHUNK), [[400]]),
    "a folded header": (post(b"Transfer-Encoding:\r\n chunked", body=CHUNK), [[400]]),
}  # fmt: skip
HEADS = {
    "nothing": (b"", [[]]),
    "empty lines": (b"\r\n" * 1_000, REFUSED),
    "random bytes": (bytes(range(256)) * 4 + b"\r\n\r\n", REFUSED),
    "a TLS greeting": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n", REFUSED),
    "a Redis command": (b"*1\r\n$8\r\nFLUSHALL\r\n\r\n", REFUSED),
    "an HTTP/2 greeting": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED),
    "HTTP/0.9": (b"GET /v1/jobs\r\n\r\n", REFUSED),
    "HTTP/2.0 in words": (get(b"/v1/jobs", version=b"HTTP/2.0"), REFUSED),
    "HTTP/9.9": (get(b"/v1/jobs", version=b"HTTP/9.9"), REFUSED),
    "a version with a tail": (get(b"/v1/jobs", version=b"HTTP/1.1 x"), REFUSED),
    "half a head": (b"GET /v1/jobs HTTP/1.1\r\nHost:", [[]]),
    "lines that end in LF": (b"GET /v1/jobs HTTP/1.1\nHost: localhost\n\n", REFUSED),
    "no colon": (get(b"/v1/jobs", b"nonsense"), [[400]]),
    "a NUL in a header": (get(b"/v1/jobs", b"X: a\0b"), [[400]]),
    "a CR in a header": (get(b"/v1/jobs", b"X: a\rB: c"), [[400]]),
    "a name with a space": (get(b"/v1/jobs", b"X Y: a"), [[400]]),
    "a thousand headers": (get(b"/v1/jobs", *[b"X-%d: a" % number for number in range(1_000)]), [[431]]),
    "a header without an end": (get(b"/v1/jobs", b"X: " + b"a" * 1_000_000), [[431], []]),
    "an overlong address": (get(b"/" + b"a" * 100_000), [[414], []]),
    "an overlong query": (get(b"/v1/jobs?cursor=" + b"a" * 5_000), [[414]]),
    "an expectation that nobody knows": (get(b"/v1/jobs", b"Expect: the-spanish-inquisition"), [[400]]),
    "two hosts": (get(b"/v1/jobs", b"Host: y"), [[400], [200]]),
}
PATHS = {
    "a NUL": (get(b"/v1/jobs/\0"), [[400]]),
    "an escaped NUL": (get(b"/v1/jobs/%00"), [[404]]),
    "a byte that is not UTF-8": (get(b"/v1/jobs/%ff%fe"), [[404]]),
    "half an escape": (get(b"/v1/jobs/%"), [[404]]),
    "an overlong dot": (get(b"/v1/%c0%ae%c0%ae/etc/passwd"), [[404]]),
    "dots": (get(b"/docs/../../../../etc/passwd"), [[404], [400]]),
    "escaped dots": (get(b"/docs/%2e%2e/%2e%2e/etc/passwd"), [[404]]),
    "escaped dots under static": (get(b"/static/%2e%2e/app.py"), [[404]]),
    "an address in full": (get(b"http://evil.example/v1/nothing"), [[404], [400]]),
    "a fragment": (get(b"/v1/nothing#a"), [[404], [400]]),
    "no slash": (get(b"v1/jobs"), [[400], [404]]),
    "a star": (get(b"*", method=b"OPTIONS"), [[400], [404]]),
    "a tunnel": (get(b"evil.example:443", method=b"CONNECT"), [[400], [404], [405]]),
    "an echo": (get(b"/v1/jobs", b"Cookie: secret", method=b"TRACE"), [[405]]),
    "an unknown method": (get(b"/v1/jobs", method=b"FOO"), [[405]]),
    "a method in small letters": (get(b"/v1/jobs", method=b"get"), [[400], [405]]),
    "a method of 10,000 letters": (get(b"/v1/jobs", method=b"A" * 10_000), [[400], [414]]),
    "another protocol": (
        get(b"/v1/nothing", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
        [[404]],
    ),
    "a web socket": (get(b"/v1/nothing", b"Connection: Upgrade", b"Upgrade: websocket"), [[404]]),
}  # fmt: skip
CASES = [
    pytest.param(request, allowed, id=name)
    for name, (request, allowed) in (UNFRAMED | HEADS | {f"path: {name}": case for name, case in PATHS.items()}).items()
]


@pytest.mark.parametrize(("request_bytes", "allowed"), CASES)
def test_what_is_not_quite_http_is_refused(target: str, request_bytes: bytes, allowed: list[list[int]]) -> None:
    answers = exchange(target, request_bytes)

    assert list_statuses(answers) in allowed, answers[:2_000]
    assert answers.count(b"application/problem+json") == sum(status >= 400 for status in list_statuses(answers))
    assert b"secret" not in answers
    assert b"root:" not in answers
    assert serves_a_job(target)


def test_requests_on_one_connection_are_answered_in_order_until_one_cannot_be_read(target: str) -> None:
    requests = get(b"/health/live") + get(b"/v1/nothing") + b"nonsense\r\n\r\n" + get(b"/health/live")

    assert list_statuses(exchange(target, requests)) == [200, 404, 400]
