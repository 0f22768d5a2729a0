"""Deadlines over HTTP: refused in the past, kept, and told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.core import Core
from shared.database import Database
from shared.queue import CeleryTaskQueue
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs
from worker.expiry import Expiry


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(core: Core, clock: FakeClock) -> FlaskClient:
    return create_app(replace(core, clock=clock)).test_client()


def write(clock: FakeClock, seconds: float) -> str:
    return (clock.now() + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_deadline_in_the_past_is_refused_and_nothing_stored(
    client: FlaskClient, clock: FakeClock, database: Database, seconds: int
) -> None:
    answer = client.post("/v1/jobs", json={"texts": ["好"], "deadline": write(clock, seconds)})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "deadline_passed")
    assert [error["pointer"] for error in problem["errors"]] == ["/deadline"]
    assert count_jobs(database) == 0


def test_what_is_no_moment_is_refused_with_its_place(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json={"texts": ["好"], "deadline": 60})

    problem = answer.get_json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (422, "/deadline")
    assert "RFC 3339" in problem["errors"][0]["detail"]


def test_a_job_shows_its_deadline_and_expires_after_it(
    core: Core, client: FlaskClient, clock: FakeClock, rule_worker: RuleWorker
) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "差"], "deadline": write(clock, 60)}).get_json()
    address = job["links"]["self"]
    clock.move(60)

    Expiry(core.settings, core.database, CeleryTaskQueue(core.settings), clock).stop_overdue()

    expired = client.get(address).get_json()
    assert job["deadline"] == "2026-01-02T03:05:05Z"
    assert (expired["state"], expired["counts"]["cancelled"], expired["finished_at"] is None) == ("expired", 2, False)
    assert {result["state"] for result in client.get(f"{address}/results").get_json()["data"]} == {"cancelled"}
    assert rule_worker.score_once() == 0
    refused = client.post(f"{address}/cancel")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "job_already_finished")
    assert [one["id"] for one in client.get("/v1/jobs?state=expired").get_json()["data"]] == [job["id"]]
