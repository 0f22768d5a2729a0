"""Registered webhooks over HTTP: made, changed, disabled, deleted, tried out, and never another tenant's."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from api.app import create_app
from api.core import Core
from api.services.endpoints import MAX_ENDPOINTS
from shared.database import Database
from shared.models import Delivery, DeliveryAttempt, Endpoint
from shared.queries import endpoints
from shared.queue import CeleryTaskQueue
from shared.secret_box import create_secret
from shared.settings import Settings
from shared.signing import check_secret
from shared.states import DeliveryState, DisabledReason, EventType
from shared.tenants import Tenant
from tests.at_once import do_at_once
from tests.factories import ENCRYPTION_KEY
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import find_job_id
from tests.integration.api.test_openapi import check
from tests.unit.shared.test_webhook_addresses import HOSTILE_HOSTS, HOSTILE_URLS

URL = "https://hooks.example.com/sentiq?token=1"
NOBODY = "00000000-0000-7000-8000-000000000000"
ADDRESS = "/v1/webhooks/{webhook_id}"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_encryption_keys": SecretStr(ENCRYPTION_KEY)})


def create(client: FlaskClient, **fields: object) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": URL} | fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def get_row(database: Database, endpoint_id: str) -> Endpoint:
    with database.reading() as session:
        return session.get_one(Endpoint, UUID(endpoint_id))


def list_rows(database: Database) -> Sequence[Delivery]:
    with database.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def cancel_a_job(client: FlaskClient, **body: object) -> UUID:
    job_id = find_job_id(client.post("/v1/jobs", json={"texts": ["好"]} | body))
    assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
    return job_id


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(client: FlaskClient) -> None:
    answer = client.post("/v1/webhooks", json={"url": URL, "description": "报表"})

    made = answer.get_json()
    check_secret(made.pop("secret"))
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/webhooks/{made['id']}")
    assert (made["url"], made["description"], made["enabled"], made["disabled_reason"]) == (URL, "报表", True, None)
    assert made["events"] == ["job.completed", "job.cancelled", "job.expired"]
    assert client.get(f"/v1/webhooks/{made['id']}").get_json() == made
    assert client.get("/v1/webhooks").get_json() == {"data": [made], "next_cursor": None}


def test_no_secret_lies_in_the_database_as_it_is(client: FlaskClient, database: Database) -> None:
    made = create(client)
    first = get_row(database, made["id"])

    rotated = client.post(f"/v1/webhooks/{made['id']}/rotate-secret").get_json()

    second = get_row(database, made["id"])
    assert rotated["secret"] != made["secret"]
    for stored in (first.secret, second.secret, second.previous_secret):
        assert stored is not None
        assert made["secret"][6:] not in stored
        assert rotated["secret"][6:] not in stored


def test_a_rotation_says_until_when_both_secrets_sign(core: Core, settings: Settings) -> None:
    changed = settings.model_copy(update={"webhook_rotation_hours": 2.0})
    client = create_app(replace(core, settings=changed)).test_client()
    made = create(client)

    answer = client.post(f"/v1/webhooks/{made['id']}/rotate-secret")

    rotated = answer.get_json()
    until = datetime.fromisoformat(rotated["previous_secret_expires_at"])
    assert timedelta(hours=1.9) < until - datetime.now(UTC) <= timedelta(hours=2)
    assert answer.status_code == 200
    check_secret(rotated["secret"])


def test_webhooks_come_in_pages_the_newest_first(client: FlaskClient) -> None:
    made = [create(client)["id"] for _ in range(5)]

    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/v1/webhooks?limit=2{cursor and f'&cursor={cursor}'}").get_json()
        pages.append([one["id"] for one in page["data"]])
        cursor = page["next_cursor"]

    newest = made[::-1]
    assert pages == [newest[:2], newest[2:4], newest[4:]]


def test_what_is_named_is_changed_and_nothing_else(client: FlaskClient) -> None:
    made = create(client, description="报表")
    address = f"/v1/webhooks/{made['id']}"

    first = client.patch(address, json={"events": ["job.running", "job.running"]}).get_json()
    second = client.patch(address, json={"url": "https://b.example.com/x", "description": ""}).get_json()

    assert (first["url"], first["events"], first["description"]) == (URL, ["job.running"], "报表")
    assert (second["url"], second["events"], second["description"]) == (
        "https://b.example.com/x",
        ["job.running"],
        None,
    )
    assert client.patch(address, json={}).get_json() == second


def test_a_disabled_webhook_gets_nothing_and_what_waited_is_given_up(client: FlaskClient, database: Database) -> None:
    made = create(client)
    cancel_a_job(client)

    disabled = client.patch(f"/v1/webhooks/{made['id']}", json={"enabled": False}).get_json()
    cancel_a_job(client)

    (row,) = list_rows(database)
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "by_owner")
    assert disabled["disabled_at"] is not None
    assert (row.state, row.next_attempt_at, row.attempt_count) == ("failed", None, 0)


def test_a_webhook_enabled_again_starts_afresh(client: FlaskClient, database: Database) -> None:
    made = create(client)
    with database.writing() as session:
        endpoints.note_failure(session, session.get_one(Endpoint, UUID(made["id"])), datetime.now(UTC))
        endpoints.disable_endpoint(session, UUID(made["id"]), DisabledReason.FAILING, datetime.now(UTC))
    before = client.get(f"/v1/webhooks/{made['id']}").get_json()

    after = client.patch(f"/v1/webhooks/{made['id']}", json={"enabled": True}).get_json()
    cancel_a_job(client)

    assert (before["enabled"], before["disabled_reason"]) == (False, "failing")
    assert before["failing_since"] is not None
    assert (after["enabled"], after["disabled_at"], after["disabled_reason"], after["failing_since"]) == (
        True, None, None, None,
    )  # fmt: skip
    assert len(list_rows(database)) == 1


def test_a_deleted_webhook_is_gone_with_its_secrets_but_its_deliveries_are_still_told(
    client: FlaskClient, database: Database
) -> None:
    made = create(client)
    client.post(f"/v1/webhooks/{made['id']}/rotate-secret")
    job_id = cancel_a_job(client)

    answer = client.delete(f"/v1/webhooks/{made['id']}")

    row = get_row(database, made["id"])
    assert (answer.status_code, answer.data) == (204, b"")
    assert (row.secret, row.previous_secret) == ("", None)
    assert client.get(f"/v1/webhooks/{made['id']}").status_code == 404
    assert client.delete(f"/v1/webhooks/{made['id']}").status_code == 404
    assert client.get("/v1/webhooks").get_json()["data"] == []
    (delivery,) = client.get(f"/v1/jobs/{job_id}/deliveries").get_json()["data"]
    assert (delivery["state"], delivery["webhook"]) == ("failed", made["id"])
    again = client.post(f"/v1/deliveries/{delivery['id']}/redeliver")
    assert (again.status_code, again.get_json()["code"]) == (409, "webhook_disabled")


def test_a_jobs_own_webhook_and_every_endpoint_that_wants_it_are_told(
    core: Core, settings: Settings, database: Database, rule_worker: RuleWorker
) -> None:
    own_secret = SecretStr(create_secret())
    client = create_app(
        replace(core, settings=settings.model_copy(update={"webhook_secret": own_secret}))
    ).test_client()
    every = create(client, events=list(EventType))["id"]
    create(client, events=["job.cancelled"])
    ends = create(client)["id"]
    job_id = find_job_id(client.post("/v1/jobs", json={"texts": ["好"], "webhook": {"url": URL}}))

    rule_worker.score_once()

    told = client.get(f"/v1/jobs/{job_id}/deliveries").get_json()["data"]
    assert {(one["event"], one["webhook"]) for one in told} == {
        ("job.running", every),
        ("job.completed", None),
        ("job.completed", every),
        ("job.completed", ends),
    }
    assert all(one["job"] == str(job_id) for one in told)
    assert len(told) == 4


def test_a_test_event_is_sent_at_once_and_told_with_the_webhook(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    made = create(client, events=["job.cancelled"])

    answer = client.post(f"/v1/webhooks/{made['id']}/test")

    sent = answer.get_json()
    (row,) = list_rows(database)
    assert answer.status_code == 202
    assert (sent["event"], sent["job"], sent["webhook"], sent["state"]) == (
        "webhook.test", None, made["id"], "pending",
    )  # fmt: skip
    assert row.payload["type"] == "webhook.test"
    assert CeleryTaskQueue(settings).count_delivery_messages() == 1
    assert client.get(f"/v1/webhooks/{made['id']}/deliveries").get_json()["data"] == [sent]


def test_the_deliveries_of_a_webhook_come_in_pages_the_newest_first_and_by_state(
    client: FlaskClient, database: Database
) -> None:
    made = create(client)
    ids = [client.post(f"/v1/webhooks/{made['id']}/test").get_json()["id"] for _ in range(3)]
    address = f"/v1/webhooks/{made['id']}/deliveries"

    first = client.get(f"{address}?limit=2").get_json()
    second = client.get(f"{address}?limit=2&cursor={first['next_cursor']}").get_json()

    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]
    assert second["next_cursor"] is None
    assert client.get(f"{address}?state=failed").get_json()["data"] == []
    assert len(client.get(f"{address}?state=pending").get_json()["data"]) == 3


def fail_all(database: Database, attempts: int = 10) -> None:
    with database.writing() as session:
        values = {"state": DeliveryState.FAILED, "finished_at": datetime.now(UTC), "next_attempt_at": None}
        session.execute(update(Delivery).values(**values, attempt_count=attempts))


def test_one_delivery_is_sent_once_more_under_the_same_id(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    create(client)
    job_id = cancel_a_job(client)
    fail_all(database)
    (failed,) = client.get(f"/v1/jobs/{job_id}/deliveries").get_json()["data"]

    answer = client.post(f"/v1/deliveries/{failed['id']}/redeliver")

    (row,) = list_rows(database)
    again = answer.get_json()
    assert (answer.status_code, again["id"], again["state"]) == (202, failed["id"], "pending")
    assert (again["finished_at"], row.earlier_attempts) == (None, 10)
    assert datetime.fromisoformat(again["next_attempt_at"]) <= datetime.now(UTC)
    assert CeleryTaskQueue(settings).count_delivery_messages() == 2


def test_what_was_tried_a_thousand_times_is_not_sent_once_more(client: FlaskClient, database: Database) -> None:
    made = create(client)
    cancel_a_job(client)
    (row,) = list_rows(database)
    address, since = f"/v1/webhooks/{made['id']}/redeliver", {"since": "2026-01-01T00:00:00Z"}

    fail_all(database, 1_000)
    refused = client.post(f"/v1/deliveries/{row.id}/redeliver")
    left_out = client.post(address, json=since)
    fail_all(database, 999)
    allowed = client.post(f"/v1/deliveries/{row.id}/redeliver")

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "too_many_attempts")
    assert problem["detail"] == "It was tried 1,000 times already, so it is not sent again."
    assert left_out.get_json() == {"redelivered": 0, "has_more": False}
    assert (allowed.status_code, allowed.get_json()["state"]) == (202, "pending")


def test_the_last_fifty_attempts_are_told(client: FlaskClient, database: Database) -> None:
    made = create(client)
    job_id = cancel_a_job(client)
    (row,) = list_rows(database)
    with database.writing() as session:
        numbers = [{"delivery_id": row.id, "number": one, "started_at": row.created_at} for one in range(1, 61)]
        session.execute(insert(DeliveryAttempt), numbers)
    fail_all(database, 60)

    pages = [client.get(f"/v1/{of}/deliveries").get_json() for of in (f"jobs/{job_id}", f"webhooks/{made['id']}")]

    for page in pages:
        (delivery,) = page["data"]
        assert [one["number"] for one in delivery["attempts"]] == list(range(11, 61))


def test_all_that_failed_since_a_moment_is_sent_once_more(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.services.redelivery.MAX_REDELIVERED", 2)
    made, other = create(client), create(client)
    for _ in range(3):
        cancel_a_job(client)
    fail_all(database)
    address, now = f"/v1/webhooks/{made['id']}/redeliver", datetime.now(UTC)
    later, before = (now + timedelta(hours=1)).isoformat(), (now - timedelta(hours=1)).isoformat()

    answers = [client.post(address, json={"since": since}) for since in (later, before, before, before)]

    assert [answer.get_json() for answer in answers] == [
        {"redelivered": 0, "has_more": False},
        {"redelivered": 2, "has_more": True},
        {"redelivered": 1, "has_more": False},
        {"redelivered": 0, "has_more": False},
    ]
    assert {answer.status_code for answer in answers} == {202}
    states = {(str(row.endpoint_id), row.state) for row in list_rows(database)}
    assert states == {(made["id"], "pending"), (other["id"], "failed")}


@pytest.mark.parametrize("action", ["test", "redeliver"])
def test_nothing_is_sent_to_a_disabled_webhook_on_demand_either(
    client: FlaskClient, database: Database, action: str
) -> None:
    made = create(client)
    client.patch(f"/v1/webhooks/{made['id']}", json={"enabled": False})

    body = {"json": {"since": "2026-01-01T00:00:00Z"}} if action == "redeliver" else {}
    answer = client.post(f"/v1/webhooks/{made['id']}/{action}", **body)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "webhook_disabled")
    assert list_rows(database) == []


def test_a_tenant_has_fifty_webhooks_at_most(client: FlaskClient) -> None:
    made = [create(client)["id"] for _ in range(MAX_ENDPOINTS)]

    refused = client.post("/v1/webhooks", json={"url": URL})
    client.delete(f"/v1/webhooks/{made[0]}")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_many_webhooks")
    assert client.post("/v1/webhooks", json={"url": URL}).status_code == 201


def test_of_many_made_at_once_no_more_than_fifty_come_about(
    core: Core, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.services.endpoints.MAX_ENDPOINTS", 3)
    app = create_app(core)

    statuses = do_at_once(6, lambda: app.test_client().post("/v1/webhooks", json={"url": URL}).status_code)

    assert sorted(statuses) == [201, 201, 201, 409, 409, 409]
    with database.reading() as session:
        assert endpoints.count_endpoints(session, Tenant.LOCAL) == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": 5}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "http://hooks.example.com/"}, "/url"),
        ({"url": "https://hooks.example.com/" + "a" * 2_000}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["webhook.test"]}, "/events/0"),
        ({"url": URL, "events": ["job.completed"] * 21}, "/events"),
        ({"url": URL, "description": "x" * 201}, "/description"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
        ({"url": URL, "enabled": False}, "/enabled"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_with_the_place(
    client: FlaskClient, body: dict[str, object], pointer: str
) -> None:
    answer = client.post("/v1/webhooks", json=body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert client.get("/v1/webhooks").get_json()["data"] == []


def test_every_hostile_address_is_refused_when_it_is_registered_and_when_it_is_changed(client: FlaskClient) -> None:
    made = create(client)
    hostile = [f"https://{host}/hook" for host in HOSTILE_HOSTS] + HOSTILE_URLS
    sendable = [url for url in hostile if url.isprintable()]

    answers = [client.post("/v1/webhooks", json={"url": url}) for url in sendable]
    answers += [client.patch(f"/v1/webhooks/{made['id']}", json={"url": url}) for url in sendable]

    assert len(sendable) > 120
    assert [url for url, answer in zip(sendable * 2, answers, strict=True) if answer.status_code != 422] == []
    assert client.get("/v1/webhooks").get_json()["data"][0]["url"] == URL


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"enabled": "no"}, "/enabled"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"events": ["job.exploded"]}, "/events/0"),
        ({"secret": "x"}, "/secret"),
    ],
)
def test_a_change_that_cannot_work_is_refused_with_the_place(
    client: FlaskClient, body: dict[str, object], pointer: str
) -> None:
    made = create(client)

    answer = client.patch(f"/v1/webhooks/{made['id']}", json=body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "since",
    [
        None,
        "",
        0,
        "0",
        "1767225600",
        "yesterday",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_moment_needs_its_zone(client: FlaskClient, since: object) -> None:
    made = create(client)

    answer = client.post(f"/v1/webhooks/{made['id']}/redeliver", json={"since": since})

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/since"]


def call_all(client: FlaskClient, webhook_id: str) -> list[TestResponse]:
    address = f"/v1/webhooks/{webhook_id}"
    return [
        client.get(address),
        client.patch(address, json={"enabled": False}),
        client.post(f"{address}/rotate-secret"),
        client.post(f"{address}/test"),
        client.get(f"{address}/deliveries"),
        client.post(f"{address}/redeliver", json={"since": "2026-01-01T00:00:00Z"}),
        client.delete(address),
    ]


@pytest.mark.parametrize("webhook_id", ["none", NOBODY])
def test_what_is_not_there_is_said(client: FlaskClient, webhook_id: str) -> None:
    answers = call_all(client, webhook_id)

    assert {(one.status_code, one.get_json()["code"]) for one in answers} == {(404, "webhook_not_found")}


@pytest.mark.parametrize("delivery_id", ["none", NOBODY])
def test_a_delivery_that_is_not_there_is_said(client: FlaskClient, delivery_id: str) -> None:
    answer = client.post(f"/v1/deliveries/{delivery_id}/redeliver")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "delivery_not_found")


def test_another_tenants_webhooks_and_deliveries_are_not_there(client: FlaskClient, database: Database) -> None:
    with database.writing() as session:
        theirs = endpoints.insert_endpoint(
            session, 7, url=URL, events=[EventType.JOB_CANCELLED], description=None, secret="x", now=datetime.now(UTC)
        )
    create(client)
    cancel_a_job(client)
    with database.writing() as session:
        for row in session.scalars(select(Delivery)):
            row.tenant_id = 7
    (delivery,) = list_rows(database)

    answers = call_all(client, str(theirs.id))
    redelivered = client.post(f"/v1/deliveries/{delivery.id}/redeliver")

    assert {(one.status_code, one.get_json()["code"]) for one in answers} == {(404, "webhook_not_found")}
    assert (redelivered.status_code, redelivered.get_json()["code"]) == (404, "delivery_not_found")
    assert str(theirs.id) not in client.get("/v1/webhooks").text
    assert get_row(database, str(theirs.id)).disabled_at is None


def test_with_a_database_of_its_own_and_no_key_nothing_is_registered(core: Core, settings: Settings) -> None:
    changed = settings.model_copy(update={"webhook_encryption_keys": None})
    client = create_app(replace(core, settings=changed)).test_client()

    answer = client.post("/v1/webhooks", json={"url": URL})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "webhook_keys_missing")
    assert "SENTIQ_WEBHOOK_ENCRYPTION_KEYS" in problem["detail"]


def test_answers_are_as_documented(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    made = client.post("/v1/webhooks", json={"url": URL})
    address = f"/v1/webhooks/{made.get_json()['id']}"
    sent = client.post(f"{address}/test")

    check(document, "/v1/webhooks", made)
    check(document, "/v1/webhooks", client.get("/v1/webhooks"))
    check(document, "/v1/webhooks", client.post("/v1/webhooks", json={"url": "x"}))
    check(document, ADDRESS, client.get(address))
    check(document, f"{ADDRESS}/test", sent)
    check(document, f"{ADDRESS}/deliveries", client.get(f"{address}/deliveries"))
    check(document, f"{ADDRESS}/rotate-secret", client.post(f"{address}/rotate-secret"))
    check(document, f"{ADDRESS}/redeliver", client.post(f"{address}/redeliver", json={"since": "2026-01-01T00:00:00Z"}))
    check(
        document,
        "/v1/deliveries/{delivery_id}/redeliver",
        client.post(f"/v1/deliveries/{sent.get_json()['id']}/redeliver"),
    )
    check(document, ADDRESS, client.patch(address, json={"enabled": False}))
    check(document, f"{ADDRESS}/test", client.post(f"{address}/test"))
    check(document, ADDRESS, client.get("/v1/webhooks/none"))


def test_the_examples_of_the_document_work(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    made = create(client, **schemas["CreateEndpoint"]["examples"][0])

    answer = client.post(f"/v1/webhooks/{made['id']}/redeliver", json=schemas["RedeliverFailed"]["examples"][0])

    assert answer.get_json() == {"redelivered": 0, "has_more": False}
