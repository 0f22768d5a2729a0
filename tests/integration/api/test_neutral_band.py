"""The neutral band from the request to the result: which threshold a job gets, and what its texts are called."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.database import Database
from tests.factories import list_texts
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, find_job_id

CALIBRATED = 0.85  # between the 0.8 that the worker gives to 差 and the 0.9 that it gives to 好


def submit(client: FlaskClient, **options: Any) -> dict[str, Any]:
    """Submit one text of each kind and return the answer's job."""
    answer = client.post("/v1/jobs", json={"texts": ["很好", "很差"]} | options)
    assert answer.status_code == 202
    job: dict[str, Any] = answer.get_json()
    return job


def read_labels(client: FlaskClient, job: dict[str, Any]) -> list[str]:
    return [result["label"] for result in client.get(job["links"]["results"]).get_json()["data"]]


@pytest.mark.parametrize(
    ("options", "threshold", "labels"),
    [
        ({}, None, ["positive", "negative"]),
        ({"neutral_band": False}, None, ["positive", "negative"]),
        ({"neutral_band": None}, None, ["positive", "negative"]),
        ({"neutral_band": True}, CALIBRATED, ["positive", "neutral"]),
        ({"neutral_band": 0.95}, 0.95, ["neutral", "neutral"]),
        ({"neutral_band": 0.5}, 0.5, ["positive", "negative"]),
        ({"neutral_band": 1}, 1.0, ["neutral", "neutral"]),
    ],
)
def test_a_job_says_its_threshold_and_its_texts_follow_it(
    client: FlaskClient, rule_worker: RuleWorker, options: dict[str, Any], threshold: float | None, labels: list[str]
) -> None:
    rule_worker.beat(neutral_threshold=CALIBRATED)

    job = submit(client, **options)
    rule_worker.score_once()

    assert job["neutral_threshold"] == threshold
    assert client.get(job["links"]["self"]).get_json()["neutral_threshold"] == threshold
    assert [one["neutral_threshold"] for one in client.get("/v1/jobs").get_json()["data"]] == [threshold]
    assert read_labels(client, job) == labels


def test_a_neutral_result_keeps_the_probabilities_of_the_model(client: FlaskClient, rule_worker: RuleWorker) -> None:
    job = submit(client, neutral_band=CALIBRATED)
    rule_worker.score_once()

    result = client.get(job["links"]["results"]).get_json()["data"][1]

    assert (result["label"], result["score"]) == ("neutral", 0.8)
    assert result["scores"] == {"negative": 0.8, "positive": 0.2}


def test_jobs_with_and_without_a_band_are_scored_together_each_by_its_own(
    client: FlaskClient, rule_worker: RuleWorker
) -> None:
    jobs = [submit(client, neutral_band=band) for band in (None, 0.85, 0.95)]

    assert rule_worker.score_once() == 6

    assert [read_labels(client, job) for job in jobs] == [
        ["positive", "negative"],
        ["positive", "neutral"],
        ["neutral", "neutral"],
    ]


def test_a_caller_that_waits_is_answered_with_the_band(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(neutral_threshold=CALIBRATED)
    rule_worker.start()

    answer = client.post(
        "/v1/jobs", json={"texts": ["很好", "很差"], "neutral_band": True}, headers={"Prefer": "wait=10"}
    )

    job = answer.get_json()
    assert (answer.status_code, job["neutral_threshold"]) == (200, CALIBRATED)
    assert [result["label"] for result in job["results"]] == ["positive", "neutral"]


@pytest.mark.parametrize(
    ("text", "band", "sentiment", "confidence", "emoji"),
    [
        ("很差", True, "Neutral", 0.8, "😐"),
        ("很好", True, "Positive", 0.9, "😊"),
        ("很好", 0.95, "Neutral", 0.9, "😐"),
        ("很差", False, "Negative", 0.8, "😞"),
    ],
)
def test_the_simple_call_knows_the_band(
    client: FlaskClient, rule_worker: RuleWorker, text: str, band: object, sentiment: str, confidence: float, emoji: str
) -> None:
    rule_worker.beat(neutral_threshold=CALIBRATED)
    rule_worker.start()

    answer = client.post("/api/sentiment", json={"text": text, "neutral_band": band})

    assert answer.get_json() == {"text": text, "sentiment": sentiment, "confidence": confidence, "emoji": emoji}


def test_the_threshold_is_settled_when_the_job_is_accepted(client: FlaskClient, rule_worker: RuleWorker) -> None:
    rule_worker.beat(neutral_threshold=CALIBRATED)
    job = submit(client, neutral_band=True)

    rule_worker.beat(neutral_threshold=0.75)
    rule_worker.score_once()

    assert client.get(job["links"]["self"]).get_json()["neutral_threshold"] == CALIBRATED
    assert read_labels(client, job) == ["positive", "neutral"]


def test_the_band_is_that_of_the_model_that_the_job_names(
    client: FlaskClient, rule_worker: RuleWorker, database: Database
) -> None:
    rule_worker.beat(neutral_threshold=CALIBRATED)
    rule_worker.beat(model="chinese-large", neutral_threshold=0.7)

    answer = client.post("/v1/jobs", json={"texts": ["好"], "model": "chinese-large", "neutral_band": True})

    assert answer.get_json()["neutral_threshold"] == 0.7
    assert [row.neutral_threshold for row in list_texts(database, find_job_id(answer))] == [0.7]


@pytest.mark.parametrize("address", ["/v1/jobs", "/api/sentiment"])
@pytest.mark.parametrize(
    ("served", "band", "says"),
    [
        (None, True, "threshold is not known"),
        ({}, True, "has no calibrated threshold: send one of your own"),
        ({"labels": ["negative", "neutral", "positive"]}, True, "finds neutral texts by itself"),
        ({"labels": ["negative", "neutral", "positive"]}, 0.8, "finds neutral texts by itself"),
    ],
)
def test_a_band_that_the_model_does_not_have_is_refused_and_nothing_stored(
    client: FlaskClient, rule_worker: RuleWorker, database: Database, address: str, served: Any, band: object, says: str
) -> None:
    if served is not None:
        rule_worker.beat(**served)
    body = {"texts": ["好"]} if address == "/v1/jobs" else {"text": "好"}

    answer = client.post(address, json=body | {"neutral_band": band})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "neutral_band_unavailable")
    assert says in problem["detail"]
    assert "structbert-small-zh" in problem["detail"]
    assert [error["pointer"] for error in problem["errors"]] == ["/neutral_band"]
    assert count_jobs(database) == 0


def test_a_threshold_of_ones_own_needs_no_worker(client: FlaskClient) -> None:
    assert submit(client, neutral_band=0.8)["neutral_threshold"] == 0.8
