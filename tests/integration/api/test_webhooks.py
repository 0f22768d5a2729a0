"""Webhooks of jobs: taken or refused with the submission, and their deliveries read back."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from api.app import create_app
from api.core import Core
from shared.database import Database
from shared.models import Delivery
from shared.queries.delivery_claims import Answer
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from shared.states import DeliveryState, EventType
from tests.factories import get_job
from tests.fakes import FakeClock, FakeQueue, FakeSender
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, find_job_id
from tests.integration.api.test_openapi import check
from worker.delivering import Courier

URL = "https://hooks.example.com/sentiq?token=1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    secret = SecretStr("whsec_" + b64encode(b"s" * 32).decode())
    return settings.model_copy(update={"webhook_secret": secret})


def submit(client: FlaskClient, *texts: str, **webhook: object) -> UUID:
    answer = client.post("/v1/jobs", json={"texts": texts or ["好"], "webhook": {"url": URL} | webhook})
    assert answer.status_code == 202, answer.text
    return find_job_id(answer)


def test_a_webhook_is_stored_and_shown_with_its_job(client: FlaskClient, database: Database) -> None:
    job_id = submit(client)

    job = client.get(f"/v1/jobs/{job_id}").get_json()

    assert job["webhook"] == {"url": URL, "events": ["job.completed", "job.cancelled", "job.expired"]}
    assert job["links"]["deliveries"] == f"/v1/jobs/{job_id}/deliveries"
    assert get_job(database, job_id).webhook == job["webhook"]


def test_a_job_without_a_webhook_says_so_and_has_no_deliveries(client: FlaskClient) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好"]}).get_json()

    deliveries = client.get(job["links"]["deliveries"]).get_json()

    assert job["webhook"] is None
    assert deliveries == {"data": [], "next_cursor": None}


def test_events_are_chosen_and_named_once(client: FlaskClient) -> None:
    job_id = submit(client, events=["job.cancelled", "job.cancelled"])

    assert client.get(f"/v1/jobs/{job_id}").get_json()["webhook"]["events"] == ["job.cancelled"]


@pytest.mark.parametrize(
    ("webhook", "pointer"),
    [
        ({"url": "http://hooks.example.com/"}, "/webhook/url"),
        ({"url": "https://169.254.169.254/latest"}, "/webhook/url"),
        ({"url": "https://[::127.0.0.1]/"}, "/webhook/url"),
        ({"url": "https://user:pass@hooks.example.com/"}, "/webhook/url"),
        ({"url": "https://localhost:5000/"}, "/webhook/url"),
        ({"url": ""}, "/webhook/url"),
        ({"url": 5}, "/webhook/url"),
        ({"url": "https://hooks.example.com/" + "a" * 2_000}, "/webhook/url"),
        ({}, "/webhook/url"),
        ({"url": URL, "events": []}, "/webhook/events"),
        ({"url": URL, "events": ["job.exploded"]}, "/webhook/events/0"),
        ({"url": URL, "events": "job.completed"}, "/webhook/events"),
        ({"url": URL, "secret": "x"}, "/webhook/secret"),
        (URL, "/webhook"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_and_nothing_stored(
    client: FlaskClient, database: Database, webhook: object, pointer: str
) -> None:
    answer = client.post("/v1/jobs", json={"texts": ["好"], "webhook": webhook})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert count_jobs(database) == 0


def test_without_a_secret_a_webhook_is_refused_and_the_setting_named(
    core: Core, settings: Settings, database: Database
) -> None:
    client = create_app(replace(core, settings=settings.model_copy(update={"webhook_secret": None}))).test_client()

    answer = client.post("/v1/jobs", json={"texts": ["好"], "webhook": {"url": URL}})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "webhooks_not_configured")
    assert "SENTIQ_WEBHOOK_SECRET" in problem["detail"]
    assert count_jobs(database) == 0
    assert client.post("/v1/jobs", json={"texts": ["好"]}).status_code == 202


def test_a_job_cancelled_over_http_tells_its_webhook(client: FlaskClient, settings: Settings) -> None:
    job_id = submit(client)

    client.post(f"/v1/jobs/{job_id}/cancel")

    (delivery,) = client.get(f"/v1/jobs/{job_id}/deliveries").get_json()["data"]
    assert (delivery["event"], delivery["state"], delivery["attempts"]) == ("job.cancelled", "pending", [])
    assert CeleryTaskQueue(settings).count_delivery_messages() == 1


def test_every_attempt_can_be_read(
    client: FlaskClient, settings: Settings, database: Database, rule_worker: RuleWorker
) -> None:
    job_id, clock = submit(client), FakeClock(datetime.now(UTC))
    rule_worker.score_once()
    sender = FakeSender([Answer(500, None, "出错了"), Answer(error="No complete answer came within 15 seconds.")])
    courier = Courier(settings, database, FakeQueue(), sender, clock, progress_at=clock.now(), draw=lambda: 0.0)
    (delivery,) = client.get(f"/v1/jobs/{job_id}/deliveries").get_json()["data"]
    for seconds in (1, 6):
        clock.move(seconds)
        courier.deliver(UUID(delivery["id"]))

    answer = client.get(f"/v1/jobs/{job_id}/deliveries")

    (delivery,) = answer.get_json()["data"]
    assert (delivery["state"], delivery["url"], delivery["finished_at"]) == ("pending", URL, None)
    assert delivery["next_attempt_at"] > delivery["created_at"]
    attempts = [(one["number"], one["status"], one["error"], one["answer"]) for one in delivery["attempts"]]
    assert attempts == [
        (1, 500, None, "出错了"),
        (2, None, "No complete answer came within 15 seconds.", None),
    ]
    assert all(one["duration_ms"] >= 0 for one in delivery["attempts"])
    check(client.get("/openapi.json").get_json(), "/v1/jobs/{job_id}/deliveries", answer)


def test_deliveries_come_in_pages_the_oldest_first(client: FlaskClient, database: Database) -> None:
    job_id = submit(client)
    ids = [UUID(int=number) for number in range(1, 6)]
    now = datetime.now(UTC)
    with database.writing() as session:
        session.add_all(
            Delivery(
                id=one, job_id=job_id, url=URL, event=EventType.JOB_COMPLETED, payload={}, state=DeliveryState.PENDING,
                created_at=now, next_attempt_at=now,
            )
            for one in ids
        )  # fmt: skip

    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/v1/jobs/{job_id}/deliveries?limit=2{cursor and f'&cursor={cursor}'}").get_json()
        pages.append([UUID(one["id"]) for one in page["data"]])
        cursor = page["next_cursor"]

    assert pages == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("none/deliveries", 404, "job_not_found"),
        ("00000000-0000-7000-8000-000000000000/deliveries", 404, "job_not_found"),
        ("{job}/deliveries?cursor=made-up", 422, "cursor_invalid"),
        ("{job}/deliveries?limit=0", 422, "validation_error"),
        ("{job}/deliveries?page=2", 422, "validation_error"),
    ],
)
def test_what_is_not_there_is_said(client: FlaskClient, address: str, status: int, code: str) -> None:
    job_id = submit(client)

    answer = client.get("/v1/jobs/" + address.format(job=job_id))

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
