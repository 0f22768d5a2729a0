"""Behind the real server: bodies without a length, callers that hang up, a stop while somebody waits, two processes."""

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from shared.clock import SystemClock
from shared.database import Database
from shared.settings import Settings
from tests.at_once import do_at_once
from tests.factories import submit
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs
from tests.integration.api.serving import Server, serving
from tests.integration.api.sse import list_names, parse_events
from tests.service import wait_until

MAX_BODY_BYTES = 10_000
LONG_TEXTS = [f"{number}" + "字" * 1_500 for number in range(6_000)]  # 27 MB, more than the buffers on a way hold


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    """Two processes of four threads."""
    own = {"metrics_dir": tmp_path / "metrics", "api_processes": 2, "max_body_bytes": MAX_BODY_BYTES}
    with serving(settings, tmp_path, sentiment_wait_seconds=5, **own) as running:
        yield running


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


def test_a_stream_of_events_ends_at_once_when_the_server_stops(server: Server) -> None:
    _, headers, _ = server.call("POST", "/v1/jobs", json.dumps({"texts": ["好"]}))
    with server.open_stream(f"{headers['Location']}/events") as answer:
        while not answer.readline().startswith(b"data:"):
            pass

        server.process.send_signal(signal.SIGTERM)
        rest = answer.read()

    assert list_names(parse_events(rest)) == []
    assert server.process.wait(10) == 0


def test_a_download_of_a_job_that_is_removed_is_cut_so_that_it_can_be_told(server: Server, database: Database) -> None:
    job_id = submit(database, LONG_TEXTS, SystemClock().now())
    with server.open_stream(f"/v1/jobs/{job_id}/results?format=csv") as answer:
        beginning = answer.read(10_000)

        status, _, _ = server.call("DELETE", f"/v1/jobs/{job_id}")
        with pytest.raises(http.client.IncompleteRead):
            answer.read()

    assert (status, beginning[:8]) == (204, b"id,text,")
    assert server.lives()


def test_a_download_that_is_cut_is_no_whole_one_to_a_proxy_of_http_1_0(server: Server, database: Database) -> None:
    job_id = submit(database, LONG_TEXTS, SystemClock().now())
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.sendall(f"GET /v1/jobs/{job_id}/results?format=csv HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        beginning = connection.recv(1_000)

        server.call("DELETE", f"/v1/jobs/{job_id}")
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: connection.recv(65_536), b""))

    assert beginning.startswith(b"HTTP/1.0 200 OK")
    assert server.lives()


def test_a_download_that_breaks_off_as_the_server_stops_goes_on_elsewhere(
    server: Server, database: Database, client: FlaskClient
) -> None:
    job_id = submit(database, LONG_TEXTS, SystemClock().now())
    with server.open_stream(f"/v1/jobs/{job_id}/results?format=ndjson") as answer:
        beginning = answer.read(10_000)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(2)  # until the server has noticed, while it cannot send on
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
    lines = [json.loads(line) for line in (beginning + cut.value.partial).split(b"\n")[:-1]]

    rest = client.get(f"/v1/jobs/{job_id}/results?format=ndjson&after={lines[-1]['index']}").text

    assert 0 < len(lines) < len(LONG_TEXTS)
    assert [line["text"] for line in (*lines, *map(json.loads, rest.splitlines()))] == LONG_TEXTS


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
