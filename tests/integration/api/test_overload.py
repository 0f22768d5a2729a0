"""A full queue says no early, and says for how long."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.core import Core
from shared.database import Database
from tests.factories import make_key
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_texts


@pytest.fixture
def small_client(core: Core) -> FlaskClient:
    """A client of an application whose queue holds ten texts."""
    return create_app(replace(core, settings=core.settings.model_copy(update={"max_queued_texts": 10}))).test_client()


@pytest.mark.parametrize("prefer", ["", "wait=5"])
def test_a_job_that_does_not_fit_is_refused_until_it_would(
    small_client: FlaskClient, database: Database, rule_worker: RuleWorker, prefer: str
) -> None:
    rule_worker.beat(texts_per_second=2.0)
    small_client.post("/v1/jobs", json={"texts": ["好"] * 8})

    answer = small_client.post("/v1/jobs", json={"texts": ["好"] * 8}, headers={"Prefer": prefer})

    assert (answer.status_code, answer.get_json()["code"]) == (429, "queue_full")
    assert answer.headers["Retry-After"] == "3"
    assert "8 texts are waiting already and at most 10 may" in answer.get_json()["detail"]
    assert count_texts(database) == 8


def test_the_simple_call_is_refused_alike(
    small_client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    rule_worker.beat(texts_per_second=0.1)
    small_client.post("/v1/jobs", json={"texts": ["好"] * 10})

    answer = small_client.post("/api/sentiment", json={"text": "好"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert count_texts(database) == 10


def test_texts_are_taken_again_once_there_is_room(small_client: FlaskClient, rule_worker: RuleWorker) -> None:
    small_client.post("/v1/jobs", json={"texts": ["好"] * 10})
    refused = small_client.post("/v1/jobs", json={"texts": ["好"]})
    rule_worker.score_once()

    assert refused.headers["Retry-After"] == "60"
    assert small_client.post("/v1/jobs", json={"texts": ["好"]}).status_code == 202


def test_a_job_that_can_never_fit_is_not_told_to_try_again(small_client: FlaskClient) -> None:
    answer = small_client.post("/v1/jobs", json={"texts": ["好"] * 11})

    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "too_many_texts")


def test_a_full_queue_refuses_every_tenant_alike(core: Core, database: Database, rule_worker: RuleWorker) -> None:
    rule_worker.beat(texts_per_second=2.0)
    client = create_app(replace(core, settings=core.settings.model_copy(update={"max_queued_texts": 10}))).test_client()
    big, small = ({"Authorization": f"Bearer {make_key(database, name)}"} for name in ("big", "small"))
    client.post("/v1/jobs", json={"texts": ["好"] * 10}, headers=big)

    job = client.post("/v1/jobs", json={"texts": ["好"] * 4}, headers=small)
    simple = client.post("/api/sentiment", json={"text": "好"}, headers=small)

    assert [answer.get_json()["code"] for answer in (job, simple)] == ["queue_full"] * 2
    assert [answer.headers["Retry-After"] for answer in (job, simple)] == ["2", "1"]
    assert count_texts(database) == 10
