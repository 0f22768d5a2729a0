"""With the broker or the database away the service says so, quickly, and goes on when they are back."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import abort
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from api.access import public
from api.app import build_core, create_app
from api.core import Core
from api.listening import FinishedListener
from shared.database import Database
from shared.settings import Settings
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs
from tests.servers import Broker, find_free_port
from tests.service import wait_until


@dataclass
class Fragile:
    """An application with a broker of its own."""

    broker: Broker
    core: Core
    client: FlaskClient
    worker: RuleWorker


@pytest.fixture
def fragile(settings: Settings, database: Database, tmp_path: Path) -> Iterator[Fragile]:
    broker = Broker(tmp_path)
    broker.start()
    own = settings.model_copy(update={"broker_url": broker.url})
    core, worker = build_core(own), RuleWorker(own, database)
    listener = FinishedListener(core.settings, core.room, look_up_seconds=0.02)
    listener.start()
    assert core.room.is_hearing(5)
    yield Fragile(broker, core, create_app(core).test_client(), worker)
    worker.stop()
    listener.stop()
    core.database.close()
    broker.kill()


@pytest.mark.parametrize("prefer", ["", "wait=20"])
def test_a_job_is_taken_within_a_second_while_the_broker_is_down(fragile: Fragile, prefer: str) -> None:
    fragile.broker.kill()
    started = time.monotonic()

    answer = fragile.client.post("/v1/jobs", json={"texts": ["好"]}, headers={"Prefer": prefer})

    assert time.monotonic() - started < 1
    assert answer.status_code == 202
    assert fragile.client.get(answer.headers["Location"]).get_json()["state"] == "queued"


def test_the_simple_call_notices_that_the_broker_is_down_and_stores_nothing(
    fragile: Fragile, database: Database
) -> None:
    fragile.broker.kill()
    wait_until(lambda: not fragile.core.room.is_hearing(), 5, "the listener's notice of the broker's end")
    started = time.monotonic()

    answer = fragile.client.post("/api/sentiment", json={"text": "好"})

    assert time.monotonic() - started < 3
    assert (answer.status_code, answer.get_json()["code"]) == (503, "broker_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert count_jobs(database) == 0


def test_the_simple_call_does_not_wait_in_vain_when_the_broker_dies_meanwhile(fragile: Fragile) -> None:
    threading.Timer(0.3, fragile.broker.kill).start()
    started = time.monotonic()

    answer = fragile.client.post("/api/sentiment", json={"text": "好"})

    assert time.monotonic() - started < 3
    assert (answer.status_code, answer.get_json()["code"]) == (504, "wait_timed_out")
    assert fragile.client.get(answer.headers["Location"]).get_json()["state"] == "queued"


def test_readiness_says_that_the_broker_is_down(fragile: Fragile) -> None:
    fragile.worker.beat()
    fragile.broker.kill()

    answer = fragile.client.get("/health/ready")

    assert answer.status_code == 503
    assert {name: check["ok"] for name, check in answer.get_json()["checks"].items()} == {
        "database": True,
        "broker": False,
        "worker": True,
    }


def test_waiting_works_again_when_the_broker_is_back(fragile: Fragile) -> None:
    fragile.broker.kill()
    fragile.client.post("/v1/jobs", json={"texts": ["好"]})
    fragile.broker.start()
    assert fragile.core.room.is_hearing(10)
    fragile.worker.start()

    assert fragile.client.post("/api/sentiment", json={"text": "好"}).status_code == 200


@pytest.fixture
def lost_client(settings: Settings, core: Core, tmp_path: Path) -> FlaskClient:
    """A client of an application whose database is not there."""
    if settings.resolved_database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'no-such-folder' / 'sentiq.db'}"
    else:
        url = f"postgresql+psycopg://nobody@127.0.0.1:{find_free_port()}/none"
    return create_app(replace(core, database=Database(url))).test_client()


@pytest.mark.parametrize(
    ("method", "address"),
    [("POST", "/v1/jobs"), ("GET", "/v1/jobs"), ("GET", "/v1/models"), ("POST", "/api/sentiment")],
)
def test_a_database_that_is_away_is_a_problem_and_no_traceback(
    lost_client: FlaskClient, method: str, address: str
) -> None:
    body = {"/v1/jobs": {"texts": ["好"]}, "/api/sentiment": {"text": "好"}}.get(address)

    answer = lost_client.open(address, method=method, json=body if method == "POST" else None)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "2"


def test_health_and_metrics_say_that_the_database_is_away(lost_client: FlaskClient) -> None:
    ready, live, metrics = (lost_client.get(path) for path in ("/health/ready", "/health/live", "/metrics"))

    assert (ready.status_code, ready.get_json()["checks"]["database"]["ok"]) == (503, False)
    assert live.status_code == 200
    assert "sentiq_database_up 0.0" in metrics.get_data(as_text=True)


def test_a_bug_is_answered_with_a_request_id_and_no_traceback(core: Core) -> None:
    def crash() -> None:
        raise RuntimeError("机密")

    app = create_app(replace(core, ping_broker=crash))

    answer = app.test_client().get("/health/ready")

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (500, "internal_error")
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert "机密" not in answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=True)


def test_a_statement_that_the_database_refuses_is_a_bug_and_not_an_outage(core: Core) -> None:
    def refuse() -> None:
        raise IntegrityError("INSERT", {}, ValueError("机密"))

    answer = create_app(replace(core, ping_broker=refuse)).test_client().get("/health/ready")

    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal_error")
    assert "机密" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(("status", "code"), [(418, "bad_request"), (502, "internal_error")])
def test_any_other_http_error_is_a_problem_too(core: Core, status: int, code: str) -> None:
    app = create_app(core)
    app.add_url_rule("/abort", view_func=public(lambda: abort(status)))

    answer = app.test_client().get("/abort")

    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert answer.get_json()["code"] == code
