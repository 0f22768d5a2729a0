"""Sending a submission again, with a key: one job, however often and however many at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from api.accounts import Account
from api.app import create_app
from api.core import Core
from api.identity import LOCAL
from api.services.idempotency import KeyedRequest
from api.services.once import submit_once
from api.services.submission import Submission
from shared.database import Database
from shared.models import IdempotencyKey, TenantRow
from shared.queries.texts import NewText
from shared.settings import Settings
from tests.at_once import do_at_once
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts, count_tickets

BODY = {"texts": ["物流很快", "质量差"]}


def post(client: FlaskClient, body: dict[str, Any] = BODY, key: str = "order-42", **headers: str) -> TestResponse:
    return client.post("/v1/jobs", json=body, headers={"Idempotency-Key": key} | headers)


def count_keys(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(IdempotencyKey)) or 0


def test_a_request_that_is_sent_again_makes_no_second_job(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    first, second = post(client), post(client, key='"order-42"')

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.get_json()["id"] == first.get_json()["id"]
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert (count_jobs(database), count_texts(database), count_tickets(settings)) == (1, 2, 1)


def test_a_key_with_another_body_is_refused(client: FlaskClient, database: Database) -> None:
    post(client)

    answer = post(client, {"texts": ["别的"]})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert count_jobs(database) == 1


@pytest.mark.parametrize("key", ["", "两 字", "a,b", "k" * 256])
def test_a_malformed_key_is_refused_and_nothing_stored(client: FlaskClient, database: Database, key: str) -> None:
    answer = client.post("/v1/jobs", json=BODY, headers=[("Idempotency-Key", key.encode().decode("latin-1"))])

    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_invalid")
    assert count_jobs(database) == 0


def test_requests_without_a_key_are_jobs_of_their_own(client: FlaskClient, database: Database) -> None:
    for _ in range(2):
        client.post("/v1/jobs", json=BODY)

    assert (count_jobs(database), count_keys(database)) == (2, 0)


def test_a_later_answer_has_the_status_of_the_first(client: FlaskClient, rule_worker: RuleWorker) -> None:
    not_waited = post(client)
    rule_worker.start()
    waited = post(client, key="other", Prefer="wait=30")

    again = post(client, Prefer="wait=30"), post(client, key="other")

    assert (not_waited.status_code, waited.status_code) == (202, 200)
    assert [answer.status_code for answer in again] == [202, 200]
    assert again[1].get_json()["results"] == waited.get_json()["results"]
    assert "Preference-Applied" not in again[0].headers


def test_a_request_whose_first_is_still_waiting_is_told_so(
    core: Core, client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    answers: list[TestResponse] = []
    waiting = threading.Thread(target=lambda: answers.append(post(client.application.test_client(), Prefer="wait=30")))
    waiting.start()
    while count_keys(database) == 0:
        threading.Event().wait(0.01)

    meanwhile = post(client, Prefer="wait=30")
    rule_worker.start()
    waiting.join()
    afterwards = post(client)

    problem = meanwhile.get_json()
    assert (meanwhile.status_code, problem["code"]) == (409, "idempotency_key_in_use")
    assert 1 <= int(meanwhile.headers["Retry-After"]) <= 35
    assert problem["job"] == answers[0].get_json()["id"]
    assert meanwhile.headers["Location"] == answers[0].headers["Location"]
    assert (answers[0].status_code, afterwards.status_code) == (200, 200)
    assert afterwards.get_json()["results"] == answers[0].get_json()["results"]


def test_a_first_request_that_was_never_answered_blocks_its_key_no_longer_than_its_wait(
    core: Core, database: Database
) -> None:
    clock = FakeClock(datetime.now(UTC))
    client = create_app(replace(core, clock=clock)).test_client()
    post(client, Prefer="wait=1")
    with database.writing() as session:  # as if the process had died in the middle of the wait
        session.execute(IdempotencyKey.__table__.update().values(was_done=None))  # type: ignore[attr-defined]
    early = post(client)

    clock.move(6.1)
    late = post(client)

    assert (early.status_code, late.status_code) == (409, 202)
    assert count_jobs(database) == 1


def test_a_refused_request_leaves_its_key_free(client: FlaskClient, database: Database) -> None:
    refused = post(client, BODY | {"model": "gpt"})

    taken = post(client)

    assert (refused.status_code, taken.status_code) == (422, 202)
    assert count_keys(database) == 1


def test_a_replay_is_answered_even_when_the_queue_is_full_or_the_deadline_past(
    core: Core, database: Database, settings: Settings
) -> None:
    clock = FakeClock()
    full = replace(core, clock=clock, settings=settings.model_copy(update={"max_queued_texts": 2}))
    client = create_app(full).test_client()
    body = BODY | {"deadline": "2026-01-02T04:00:00Z"}
    first = post(client, body)
    clock.move(3600)

    second, third = post(client, body), post(client, key="new")

    assert (first.status_code, second.status_code, third.status_code) == (202, 202, 429)
    assert second.get_json()["id"] == first.get_json()["id"]


def test_a_key_is_remembered_for_its_time_and_then_new(core: Core, database: Database) -> None:
    clock = FakeClock()
    client = create_app(replace(core, clock=clock)).test_client()
    first = post(client)
    clock.move(86_399)
    within = post(client)

    clock.move(2)
    after = post(client, {"texts": ["别的"]})
    again = post(client, {"texts": ["别的"]})

    assert within.get_json()["id"] == first.get_json()["id"] != after.get_json()["id"]
    assert again.get_json()["id"] == after.get_json()["id"]
    assert (count_jobs(database), count_keys(database)) == (2, 1)


def test_a_key_belongs_to_its_tenant(core: Core, database: Database) -> None:
    with database.writing() as session:
        session.add(TenantRow(id=1, name="other", created_at=core.clock.now()))

    receipts = []
    for tenant in (0, 1, 0, 1):
        account = Account(replace(LOCAL, tenant_id=tenant))
        submission = Submission([NewText("好")], keyed=KeyedRequest(tenant, "k", "f"), account=account)
        receipts.append(submit_once(core, submission, 0))

    assert [receipt.is_replay for receipt in receipts] == [False, False, True, True]
    assert [receipt.job_id for receipt in receipts[:2]] == [receipt.job_id for receipt in receipts[2:]]
    assert (count_jobs(database), count_keys(database)) == (2, 2)


def test_a_key_goes_with_its_job(client: FlaskClient, database: Database) -> None:
    first = post(client)
    client.delete(first.headers["Location"])

    second = post(client)

    assert second.get_json()["id"] != first.get_json()["id"]
    assert (count_jobs(database), count_keys(database)) == (1, 1)


@pytest.fixture
def address(core: Core) -> Iterator[str]:
    """Yield the address of a real threaded server."""
    server = make_server("127.0.0.1", 0, create_app(core), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hundred_at_once_make_one_job(address: str, database: Database, settings: Settings) -> None:
    def send() -> httpx.Response:
        return httpx.post(f"{address}/v1/jobs", json=BODY, headers={"Idempotency-Key": "one"}, timeout=60)

    answers = do_at_once(100, send)

    assert Counter(answer.status_code for answer in answers) == {202: 100}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 99
    assert (count_jobs(database), count_texts(database), count_keys(database)) == (1, 2, 1)
    assert count_tickets(settings) == 1
