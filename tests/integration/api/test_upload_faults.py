"""Uploads to the real server: scored while they arrive, cut off anywhere, and over the death of the process."""

import http.client
import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from shared.database import Database
from shared.settings import Settings
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts
from tests.integration.api.serving import Server, serving
from tests.service import wait_until

ROWS = 6_000
CONTENT = ("text,n\n" + "".join(f"第{number}条,{number}\n" for number in range(ROWS))).encode()
CSV = "text/csv"


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    with serving(settings, tmp_path) as running:
        yield running


def list_jobs(server: Server) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = json.loads(server.call("GET", "/v1/jobs")[2])["data"]
    return jobs


def begin(server: Server, length: int, **headers: str) -> socket.socket:
    """Return a connection on which the head of an upload was sent."""
    lines = ["POST /v1/jobs HTTP/1.1", "Host: localhost", f"Content-Type: {CSV}", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    return connection


def send_whole(server: Server, **headers: str) -> dict[str, Any]:
    status, _, body = server.call("POST", "/v1/jobs", CONTENT, Content_Type=CSV, **headers)
    assert status == 202, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def test_the_first_texts_are_scored_while_the_last_have_not_come(
    server: Server, database: Database, rule_worker: RuleWorker
) -> None:
    rule_worker.start()
    half = len(CONTENT) // 2
    with begin(server, len(CONTENT)) as connection:
        connection.sendall(CONTENT[:half])
        wait_until(lambda: any(job["counts"]["succeeded"] > 0 for job in list_jobs(server)), 20, "a first result")
        (open_job,) = list_jobs(server)
        connection.sendall(CONTENT[half:])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        job = json.loads(answer.read())

    assert (open_job["receiving"], open_job["state"]) == (True, "running")
    assert (answer.status, job["receiving"], job["counts"]["total"], job["id"]) == (202, False, ROWS, open_job["id"])
    wait_until(lambda: list_jobs(server)[0]["state"] == "completed", 30, "the job's end")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.4, 0.7, 0.99])
def test_an_upload_that_is_cut_off_leaves_nothing_without_a_key(
    server: Server, database: Database, share: float
) -> None:
    length = int(len(CONTENT) * share)
    with begin(server, len(CONTENT)) as connection:
        connection.sendall(CONTENT[:length])
        if share > 0.5:
            wait_until(lambda: count_texts(database) > 0, 20, "the first chunk")

    wait_until(lambda: list_jobs(server) == [], 20, "the job's vanishing")
    assert send_whole(server)["counts"]["total"] == ROWS


def test_an_upload_that_is_cut_off_goes_on_under_its_key(server: Server, database: Database) -> None:
    with begin(server, len(CONTENT), Idempotency_Key="k") as connection:
        connection.sendall(CONTENT[: len(CONTENT) * 3 // 4])
        wait_until(lambda: count_texts(database) >= 2_000, 20, "the first chunk")
    (broken,) = list_jobs(server)

    answer = send_whole(server, Idempotency_Key="k")

    assert (broken["receiving"], answer["receiving"]) == (True, False)
    assert (answer["id"], answer["counts"]["total"], count_texts(database)) == (broken["id"], ROWS, ROWS)


def test_an_upload_goes_on_after_the_death_of_the_server(
    settings: Settings, tmp_path: Path, database: Database
) -> None:
    with (
        serving(settings, tmp_path, api_processes=1) as server,
        begin(server, len(CONTENT), Idempotency_Key="k") as connection,
    ):
        connection.sendall(CONTENT[: len(CONTENT) * 3 // 4])
        wait_until(lambda: count_texts(database) >= 2_000, 20, "the first chunk")
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(20)
    with serving(settings, tmp_path) as server:
        answer = send_whole(server, Idempotency_Key="k")

    assert (answer["receiving"], answer["counts"]["total"]) == (False, ROWS)
    assert (count_jobs(database), count_texts(database)) == (1, ROWS)


def test_a_caller_that_sends_on_hears_why_its_file_is_refused(server: Server) -> None:
    content = b"a,b\n" + b"1,2\n" * 3_000_000

    status, _, body = server.call("POST", "/v1/jobs", content, Content_Type=CSV)

    assert (status, json.loads(body)["code"]) == (422, "column_unknown")


def test_a_caller_that_sends_on_hears_that_its_key_is_not_known(server: Server) -> None:
    content = b"text\n" + b"fine\n" * 3_000_000

    status, _, body = server.call(
        "POST", "/v1/jobs", content, Content_Type=CSV, Authorization="Bearer sentiq_abcdefghijkl_nothing"
    )

    assert (status, json.loads(body)["code"]) == (401, "key_unknown")


def test_a_caller_that_is_refused_and_sends_on_slowly_holds_nobody_up(server: Server) -> None:
    stopped = threading.Event()
    with begin(server, 10**8) as connection:
        connection.sendall(b"a,b\n" + b"1,2\n" * 200_000)  # which buys it more than the minute

        def dribble() -> None:
            with suppress(OSError):
                while not stopped.wait(0.2):
                    connection.sendall(b"1")

        thread = threading.Thread(target=dribble)
        thread.start()
        try:
            answer = http.client.HTTPResponse(connection)
            answer.begin()  # within the connection's own time-out
            code = json.loads(answer.read())["code"]
        finally:
            stopped.set()
            thread.join()

    assert code == "column_unknown"


def test_many_uploads_leave_threads_for_the_others(settings: Settings, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(serving(settings, tmp_path, uploads_at_once=2))
        for _ in range(2):
            stack.enter_context(begin(server, len(CONTENT))).sendall(CONTENT[: len(CONTENT) * 3 // 4])
        wait_until(lambda: len(list_jobs(server)) == 2, 20, "both uploads having begun")

        status, headers, body = server.call("POST", "/v1/jobs", CONTENT, Content_Type=CSV)

        assert (status, json.loads(body)["code"], headers["Retry-After"]) == (503, "too_many_waiting", "10")
        assert server.lives()
