"""One id from the HTTP request to the webhook, through real processes."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from shared.database import Database
from shared.request_ids import MAX_LOGGED_IDS, list_ids
from tests.factories import submit
from tests.fakes import FakeClock
from tests.faults.test_api_faults import GUNICORN, start_api
from tests.integration.shared.test_claims import claim, limits
from tests.receivers import Receiver
from tests.service import Service, wait_until

REQUEST_ID = "shop-7:order.42"
TEXT = "质量很好，下次再来"


@pytest.fixture
def service(service: Service) -> Service:
    service.options = {
        "webhook_secret": "whsec_" + b64encode(b"s" * 32).decode(),
        "webhook_allow_private": True,
        "nudge_grace_seconds": 0.5,
    }
    return service


def list_events(service: Service, process: str) -> Iterator[dict[str, Any]]:
    """Yield what this process has logged about the request."""
    for line in service.read_log(process).splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("request_id") == REQUEST_ID or REQUEST_ID in event.get("request_ids", ()):
            yield event


def has_delivered(service: Service) -> bool:
    return any(event["event"] == "delivery_attempted" for event in list_events(service, "courier"))


def test_one_id_is_found_in_every_log_in_the_job_and_in_the_webhook(service: Service) -> None:
    service.start_worker()
    service.start("courier", "worker.courier")
    service.start("sweeper", "worker.sweeper")
    with Receiver() as receiver, start_api(service, *GUNICORN) as client:
        body = {"texts": [TEXT], "webhook": {"url": receiver.url}}
        answer = client.post("/v1/jobs", json=body, headers={"X-Request-ID": REQUEST_ID})
        wait_until(lambda: has_delivered(service), 30, "the delivery being logged")

        assert answer.headers["X-Request-ID"] == REQUEST_ID
        assert answer.json()["request_id"] == REQUEST_ID
        (request,) = receiver.requests
        assert request.headers["x-request-id"] == REQUEST_ID
        assert json.loads(request.body)["data"]["request_id"] == REQUEST_ID
    for process in ("api", "worker", "courier", "sweeper"):
        assert [line for line in service.read_log(process).splitlines() if not line.startswith("{")] == []
    job_id = answer.json()["id"]
    assert {event["event"] for event in list_events(service, "api")} >= {"job_submitted", "request_served"}
    assert [event["job_ids"] for event in list_events(service, "worker") if event["event"] == "claim_scored"] == [
        [job_id]
    ]
    assert [event["job_id"] for event in list_events(service, "courier")] == [job_id]
    for process in ("api", "worker", "courier"):
        assert TEXT not in service.read_log(process)


def test_a_claim_knows_the_request_of_each_of_its_texts(database: Database) -> None:
    clock = FakeClock()
    for request_id in ("one", None, "two"):
        submit(database, ["好", "差"], clock.now(), request_id=request_id)

    texts = claim(database, clock, limits(clock))

    assert [text.request_id for text in texts] == ["one", "one", None, None, "two", "two"]
    assert {text.queued_at for text in texts} == {clock.now()}


def test_a_log_line_lists_each_id_once_and_not_without_end() -> None:
    assert list_ids(["b", None, "a", "b"]) == ["a", "b"]
    assert len(list_ids(map(str, range(1_000)))) == MAX_LOGGED_IDS
