"""Behind the real server: bodies without a length, callers that hang up, a stop while somebody waits, two processes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.database import Database
from shared.settings import Settings
from tests.at_once import do_at_once
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs
from tests.servers import find_free_port
from tests.service import wait_until

ROOT = Path(__file__).parents[3]
JSON = {"Content-Type": "application/json"}
MAX_BODY_BYTES = 10_000


@dataclass
class Server:
    """A gunicorn with two processes of four threads."""

    port: int
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own; a body that is an iterator goes in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, JSON | sent, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def lives(self) -> bool:
        """Return whether the server answers."""
        try:
            return self.call("GET", "/health/live")[0] == 200
        except OSError:
            return False

    def send_and_hang_up(self, body: bytes, *, length: int) -> None:
        """Send the beginning of a request that should wait, and close the connection."""
        lines = (
            "POST /api/sentiment HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Content-Length: {length}",
        )
        head = "".join(f"{line}\r\n" for line in (*lines, ""))
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(head.encode() + body)


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    port = find_free_port()
    own = {
        "SENTIQ_PORT": str(port),
        "SENTIQ_DATABASE_URL": settings.resolved_database_url,
        "SENTIQ_BROKER_URL": settings.required_broker_url,
        "SENTIQ_STATE_DIR": str(tmp_path),
        "SENTIQ_METRICS_DIR": str(tmp_path / "metrics"),
        "SENTIQ_API_PROCESSES": "2",
        "SENTIQ_API_THREADS": "4",
        "SENTIQ_MAX_BODY_BYTES": str(MAX_BODY_BYTES),
        "SENTIQ_SENTIMENT_WAIT_SECONDS": "5",
    }
    with (tmp_path / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py"],
            cwd=ROOT, env=os.environ | own, stdout=log, stderr=log,
        )  # fmt: skip
    running = Server(port, process)
    try:
        wait_until(running.lives, 20, "gunicorn's first answer")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_a_body_without_a_length_is_cut_off_at_the_limit(server: Server, database: Database) -> None:
    small = json.dumps({"texts": ["好"]}).encode()

    taken = server.call("POST", "/v1/jobs", iter([small[:5], small[5:]]), Transfer_Encoding="chunked")
    refused = server.call("POST", "/v1/jobs", iter([b"x" * 1_000] * 20), Transfer_Encoding="chunked")

    assert taken[0] == 202
    assert refused[0] == 413
    assert json.loads(refused[2])["code"] == "body_too_large"
    assert count_jobs(database) == 1


def test_callers_that_hang_up_cost_the_others_nothing(
    server: Server, database: Database, rule_worker: RuleWorker
) -> None:
    for _ in range(2):
        server.send_and_hang_up(b'{"text": "\xe5\xa5\xbd"}', length=15)
        server.send_and_hang_up(b'{"te', length=15)
    rule_worker.start()

    status, _, body = server.call("POST", "/api/sentiment", json.dumps({"text": "好"}))

    assert (status, json.loads(body)["sentiment"]) == (200, "Positive")
    # The other process may still be at it. The two whole texts are stored, the two half ones are not.
    wait_until(lambda: count_jobs(database) >= 3, 10, "both whole texts being stored")
    time.sleep(0.5)
    assert count_jobs(database) == 3


def test_a_waiting_caller_is_answered_before_the_server_stops(server: Server) -> None:
    _, headers, _ = server.call("POST", "/v1/jobs", json.dumps({"texts": ["好"]}))
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(server.call("GET", headers["Location"], Prefer="wait=15")))
    waiting.start()
    time.sleep(0.5)

    server.process.send_signal(signal.SIGTERM)
    waiting.join(5)
    server.process.wait(10)

    assert json.loads(answers[0][2])["state"] == "queued"


def test_metrics_are_those_of_all_processes(server: Server) -> None:
    for _ in range(20):
        server.call("GET", "/v1/jobs")

    metrics = server.call("GET", "/metrics")[2].decode()

    assert 'sentiq_http_requests_total{method="GET",route="/v1/jobs",status="200"} 20.0' in metrics


def test_head_lines_and_headers_have_a_limit(server: Server) -> None:
    assert server.call("GET", "/v1/jobs?cursor=" + "x" * 10_000)[0] in (400, 414)
    assert server.call("GET", "/v1/jobs", X_Long="x" * 10_000)[0] in (400, 431)
    assert server.lives()


def test_a_hundred_requests_with_one_key_over_two_processes_make_one_job(server: Server, database: Database) -> None:
    body = json.dumps({"texts": ["好"]})

    def send() -> list[tuple[int, dict[str, str], bytes]]:
        return [server.call("POST", "/v1/jobs", body, Idempotency_Key="one") for _ in range(5)]

    answers = [answer for five in do_at_once(20, send) for answer in five]

    assert [status for status, _, _ in answers] == [202] * 100
    assert len({headers["Location"] for _, headers, _ in answers}) == 1
    assert count_jobs(database) == 1
