"""Cancelling: what is not claimed stops at once, what is being scored is finished."""

import threading
import time

from flask.testing import FlaskClient

from api.core import Core
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.test_following import post_job


def test_cancelling_stops_every_queued_text(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好", "好", "好"])

    answer = client.post(f"{address}/cancel")

    job = answer.get_json()
    assert (answer.status_code, job["state"]) == (200, "cancelled")
    assert job["counts"] == {"total": 3, "queued": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 3}
    assert job["finished_at"] is not None
    assert rule_worker.score_once() == 0
    assert {result["state"] for result in client.get(f"{address}/results").get_json()["data"]} == {"cancelled"}


def test_cancelling_twice_does_no_harm(client: FlaskClient) -> None:
    address = post_job(client, ["好"])

    first, second = client.post(f"{address}/cancel"), client.post(f"{address}/cancel")

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.get_json() == first.get_json()


def test_a_text_that_is_being_scored_keeps_its_result(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好", "很好"])
    rule_worker.score_once(max_texts=1)

    job = client.post(f"{address}/cancel").get_json()

    assert (job["counts"]["succeeded"], job["counts"]["cancelled"]) == (1, 1)


def test_a_finished_job_cannot_be_cancelled(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好"])
    rule_worker.score_once()

    answer = client.post(f"{address}/cancel")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "job_already_finished")
    assert client.get(address).get_json()["state"] == "completed"


def test_cancelling_what_does_not_exist_is_not_found(client: FlaskClient) -> None:
    assert client.post("/v1/jobs/0190c2f0-0000-7000-8000-000000000000/cancel").status_code == 404


def test_cancelling_wakes_whoever_waits(core: Core, client: FlaskClient) -> None:
    address = post_job(client, ["好"])
    canceller = client.application.test_client()
    threading.Timer(0.3, lambda: canceller.post(f"{address}/cancel")).start()
    started = time.monotonic()

    answer = client.get(address, headers={"Prefer": "wait=30"})

    assert answer.get_json()["state"] == "cancelled"
    assert time.monotonic() - started < 5
