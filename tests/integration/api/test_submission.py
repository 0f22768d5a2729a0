"""Submitting texts as a job: stored, announced, and answered inline if done in time."""

from flask.testing import FlaskClient

from api.core import Core
from shared.database import Database
from shared.settings import Settings
from shared.states import Lane
from tests.factories import list_texts
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_tickets, find_job_id


def test_a_job_is_stored_and_its_address_given(client: FlaskClient, database: Database) -> None:
    texts = ["物流很快", {"text": "质量差", "id": "r2", "metadata": {"shop": "A3", "stars": 1.5, "ok": None}}]

    answer = client.post("/v1/jobs", json={"texts": texts, "metadata": {"batch": "一月"}})

    assert answer.status_code == 202
    assert answer.content_type == "application/json; charset=utf-8"
    job = answer.get_json()
    assert answer.headers["Location"] == job["links"]["self"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["metadata"], job["model"]) == ("queued", {"batch": "一月"}, "structbert-small-zh")
    assert job["counts"] == {"total": 2, "queued": 2, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
    assert job["created_at"].endswith("Z")
    assert (job["started_at"], job["finished_at"]) == (None, None)
    rows = list_texts(database, find_job_id(answer))
    assert [(row.text, row.client_id, row.lane) for row in rows] == [
        ("物流很快", None, Lane.BULK),
        ("质量差", "r2", Lane.BULK),
    ]
    assert rows[1].details == {"shop": "A3", "stars": 1.5, "ok": None}


def test_a_job_sends_one_ticket_for_every_64_texts(client: FlaskClient, settings: Settings) -> None:
    client.post("/v1/jobs", json={"texts": ["好"] * 65})

    assert count_tickets(settings) == 2


def test_chinese_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json={"texts": ["好"], "metadata": {"店": "甲"}})

    assert '"metadata":{"店":"甲"}' in answer.get_data(as_text=True)


def test_a_caller_that_waits_gets_the_results_inline(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.start()

    answer = client.post("/v1/jobs", json={"texts": ["很好", "很差", "坏了"]}, headers={"Prefer": "wait=10"})

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=10"
    job = answer.get_json()
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["counts"]["succeeded"], job["counts"]["failed"]) == ("completed", 2, 1)
    assert [result["label"] for result in job["results"]] == ["positive", "negative", None]
    assert job["results"][2]["error"]["code"] == "scoring_failed"
    assert job["next_cursor"] is None


def test_a_wait_that_is_too_short_ends_with_the_address(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(texts_per_second=0.5)

    answer = client.post("/v1/jobs", json={"texts": ["好"] * 3}, headers={"Prefer": "wait=1"})

    assert answer.status_code == 202
    assert answer.get_json()["eta_seconds"] == 6.0
    assert answer.headers["Retry-After"] == "6"
    assert answer.headers["Preference-Applied"] == "wait=1"


def test_an_inline_answer_holds_a_thousand_results_and_says_where_the_others_are(
    client: FlaskClient, rule_worker: RuleWorker
) -> None:
    rule_worker.start()

    job = client.post("/v1/jobs", json={"texts": ["好"] * 1_001}, headers={"Prefer": "wait=30"}).get_json()

    assert len(job["results"]) == 1_000
    rest = client.get(job["links"]["results"], query_string={"cursor": job["next_cursor"]}).get_json()
    assert [result["index"] for result in rest["data"]] == [1_000]
    assert rest["next_cursor"] is None


def test_few_texts_with_a_wait_go_before_bulk(client: FlaskClient, database: Database) -> None:
    few = client.post("/v1/jobs", json={"texts": ["好"] * 32}, headers={"Prefer": "wait=1"})
    many = client.post("/v1/jobs", json={"texts": ["好"] * 33}, headers={"Prefer": "wait=1"})

    assert {row.lane for row in list_texts(database, find_job_id(few))} == {Lane.INTERACTIVE}
    assert {row.lane for row in list_texts(database, find_job_id(many))} == {Lane.BULK}


def test_a_caller_that_would_wait_is_answered_at_once_when_all_seats_are_taken(core: Core, client: FlaskClient) -> None:
    core.room.capacity = 0

    answer = client.post("/v1/jobs", json={"texts": ["好"]}, headers={"Prefer": "wait=30"})

    assert answer.status_code == 202


def test_another_model_is_taken_once_a_worker_has_served_it(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(model="chinese-large")

    answer = client.post("/v1/jobs", json={"texts": ["好"], "model": "chinese-large"})

    assert (answer.status_code, answer.get_json()["model"]) == (202, "chinese-large")


def test_an_unknown_model_is_refused_with_the_known_ones(
    client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    rule_worker.beat(model="chinese-large")

    answer = client.post("/v1/jobs", json={"texts": ["好"], "model": "gpt"})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "model_unknown")
    assert problem["detail"] == "There is no model 'gpt'. Those there are: structbert-small-zh, chinese-large."
    assert problem["errors"][0]["pointer"] == "/model"
    assert count_jobs(database) == 0
