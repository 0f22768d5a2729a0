"""Results that are gone, and jobs that are removed at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from api.core import Core
from shared.database import Database
from tests.fakes import FakeClock, FakeQueue
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts
from worker.expiry import Expiry


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def client(core: Core, clock: FakeClock) -> FlaskClient:
    return create_app(replace(core, clock=clock)).test_client()


def test_results_are_gone_after_their_time_and_the_counts_stay(
    core: Core, client: FlaskClient, clock: FakeClock, rule_worker: RuleWorker
) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "坏了"], "expires_after": 3_600}).get_json()
    rule_worker.score_once()
    before = client.get(job["links"]["self"])
    clock.move(3_700)
    refused_at_once = client.get(job["links"]["results"])

    Expiry(core.settings, core.database, FakeQueue(), clock).purge()

    after, refused = client.get(job["links"]["self"]), client.get(job["links"]["results"])
    assert (refused_at_once.status_code, refused.status_code) == (410, 410)
    assert refused.get_json()["code"] == "results_purged"
    assert (job["expires_after"], before.get_json()["purged_at"]) == (3_600, None)
    assert after.get_json()["purged_at"] == clock.now().isoformat().replace("+00:00", "Z")
    assert after.get_json()["counts"] == before.get_json()["counts"]
    assert after.headers["ETag"] != before.headers["ETag"]


def test_the_services_own_retention_needs_no_wish(
    core: Core, client: FlaskClient, clock: FakeClock, database: Database, rule_worker: RuleWorker
) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好"], "expires_after": 10 * 365 * 86_400}).get_json()
    rule_worker.score_once()
    clock.move(30 * 86_400 + 60)

    Expiry(core.settings, core.database, FakeQueue(), clock).purge()

    assert client.get(job["links"]["results"]).status_code == 410
    assert (count_jobs(database), count_texts(database)) == (1, 0)


@pytest.mark.parametrize("texts_before_removal", [0, 1, 2])
def test_a_job_is_removed_at_once_whatever_its_state(
    client: FlaskClient, database: Database, rule_worker: RuleWorker, texts_before_removal: int
) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "差"]}).get_json()
    if texts_before_removal:
        rule_worker.score_once(max_texts=texts_before_removal)

    first, second = client.delete(job["links"]["self"]), client.delete(job["links"]["self"])

    assert (first.status_code, first.data) == (204, b"")
    assert (second.status_code, second.get_json()["code"]) == (404, "job_not_found")
    assert (count_jobs(database), count_texts(database)) == (0, 0)
    assert client.get(job["links"]["results"]).status_code == 404
    assert rule_worker.score_once() == 0


def test_what_never_existed_cannot_be_removed(client: FlaskClient) -> None:
    assert client.delete("/v1/jobs/0190c2f0-0000-7000-8000-000000000000").status_code == 404
    assert client.delete("/v1/jobs/none").status_code == 404


def wait_and_remove(client: FlaskClient, call: Callable[[FlaskClient], TestResponse]) -> TestResponse:
    """Return the answer to a call that waits for a job, which is removed meanwhile."""
    answers: list[TestResponse] = []
    waiting = threading.Thread(target=lambda: answers.append(call(client.application.test_client())))
    waiting.start()
    while not (listed := client.get("/v1/jobs").get_json()["data"]):
        threading.Event().wait(0.01)
    assert client.delete(listed[0]["links"]["self"]).status_code == 204
    waiting.join()
    return answers[0]


def test_who_waits_for_a_job_that_is_removed_learns_it(client: FlaskClient) -> None:
    answer = wait_and_remove(
        client, lambda other: other.post("/v1/jobs", json={"texts": ["好"]}, headers={"Prefer": "wait=30"})
    )

    assert (answer.status_code, answer.get_json()["code"]) == (404, "job_not_found")
    responses = client.get("/openapi.json").get_json()["paths"]["/v1/jobs"]["post"]["responses"]
    assert "job_not_found" in responses["404"]["description"]


def test_the_simple_call_learns_that_its_text_was_removed(client: FlaskClient) -> None:
    answer = wait_and_remove(client, lambda other: other.post("/api/sentiment", json={"text": "好"}))

    assert (answer.status_code, answer.get_json()["code"]) == (409, "text_cancelled")
