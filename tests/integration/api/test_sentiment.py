"""The simple call: through the queue and back while the caller waits."""

import threading
import time
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.core import Core
from api.waiting import WaitingRoom
from shared.database import Database
from shared.settings import Settings
from shared.states import Lane
from tests.factories import list_texts
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, find_job_id


@pytest.fixture
def impatient_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sentiment_wait_seconds": 0.3})


@pytest.fixture
def impatient_client(core: Core, impatient_settings: Settings) -> FlaskClient:
    deaf = WaitingRoom(capacity=1)
    deaf.set_hearing(True)
    return create_app(replace(core, settings=impatient_settings, room=deaf)).test_client()


@pytest.mark.parametrize(("text", "sentiment", "emoji"), [("服务很好", "Positive", "😊"), ("太差", "Negative", "😞")])
def test_one_text_is_answered_with_its_sentiment(
    client: FlaskClient, rule_worker: RuleWorker, text: str, sentiment: str, emoji: str
) -> None:
    rule_worker.start()

    answer = client.post("/api/sentiment", json={"text": text})

    assert answer.status_code == 200
    assert answer.get_json() == {
        "text": text,
        "sentiment": sentiment,
        "confidence": 0.9 if sentiment == "Positive" else 0.8,
        "emoji": emoji,
    }
    assert text in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"text": ""}', b'{"text": null}', b'{"text": " \\u200b "}', '{"text": "　"}'.encode()]
)
def test_a_blank_or_missing_text_is_refused_in_the_words_that_callers_know(
    client: FlaskClient, database: Database, body: bytes
) -> None:
    answer = client.post("/api/sentiment", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.get_data(as_text=True) == '{"error":"输入文本不能为空"}'
    assert answer.content_type == "application/json; charset=utf-8"
    assert count_jobs(database) == 0


def test_a_text_that_takes_too_long_leaves_its_address(impatient_client: FlaskClient, database: Database) -> None:
    answer = impatient_client.post("/api/sentiment", json={"text": "好"})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (504, "wait_timed_out")
    assert answer.headers["Location"] == f"/v1/jobs/{problem['job']}"
    assert [row.lane for row in list_texts(database, find_job_id(answer))] == [Lane.INTERACTIVE]
    assert impatient_client.get(answer.headers["Location"]).get_json()["state"] == "queued"


def test_a_lost_announcement_costs_time_and_not_the_answer(
    impatient_client: FlaskClient, rule_worker: RuleWorker
) -> None:
    # This client's room hears nothing, so only its last look at the row can find the result.
    rule_worker.start()

    assert impatient_client.post("/api/sentiment", json={"text": "好"}).status_code == 200


@pytest.mark.parametrize(
    ("text", "status", "code"), [("坏了", 500, "scoring_failed"), ("无字", 422, "nothing_to_score")]
)
def test_a_text_that_cannot_be_scored_is_answered_with_the_reason(
    client: FlaskClient, rule_worker: RuleWorker, text: str, status: int, code: str
) -> None:
    rule_worker.start()

    answer = client.post("/api/sentiment", json={"text": text})

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_text_whose_job_is_cancelled_meanwhile_is_answered(client: FlaskClient) -> None:
    other = client.application.test_client()
    answers = []
    caller = threading.Thread(target=lambda: answers.append(client.post("/api/sentiment", json={"text": "好"})))
    caller.start()
    while not (jobs := other.get("/v1/jobs").get_json()["data"]):
        time.sleep(0.01)

    other.post(jobs[0]["links"]["cancel"])
    caller.join(10)

    assert (answers[0].status_code, answers[0].get_json()["code"]) == (409, "text_cancelled")


def test_nothing_is_stored_for_a_caller_that_could_not_wait(
    core: Core, client: FlaskClient, database: Database
) -> None:
    core.room.capacity = 0

    answer = client.post("/api/sentiment", json={"text": "好"})

    assert (answer.status_code, answer.get_json()["code"]) == (503, "too_many_waiting")
    assert answer.headers["Retry-After"] == "1"
    assert count_jobs(database) == 0


def test_callers_at_the_same_time_each_get_their_own_answer(core: Core, rule_worker: RuleWorker) -> None:
    rule_worker.start()
    app = create_app(core)
    found: dict[str, str] = {}

    def call(text: str) -> None:
        found[text] = app.test_client().post("/api/sentiment", json={"text": text}).get_json()["sentiment"]

    texts = [f"{'好' if number % 2 else '差'}{number}" for number in range(20)]
    callers = [threading.Thread(target=call, args=(text,)) for text in texts]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)

    assert found == {text: "Positive" if "好" in text else "Negative" for text in texts}
