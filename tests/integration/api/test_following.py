"""Following jobs: lists, one job, cheap polling, long polling."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from api.app import create_app
from api.core import Core
from shared.clock import SystemClock
from shared.database import Database
from shared.task_names import FINISHED_CHANNEL
from tests.factories import submit
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from tests.servers import Broker

PROGRESS_STATEMENTS = 3  # who stands where, how fast the workers are, and since when the first text waits


def post_job(client: FlaskClient, texts: list[str]) -> str:
    """Submit texts and return the job's address."""
    return client.post("/v1/jobs", json={"texts": texts}).headers["Location"]


def test_jobs_are_listed_newest_first_page_by_page(client: FlaskClient) -> None:
    addresses = [post_job(client, ["好"]) for _ in range(5)]
    pages: list[list[str]] = []
    cursor: str | None = None

    while cursor is not None or not pages:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/jobs", query_string=query).get_json()
        pages.append([job["links"]["self"] for job in page["data"]])
        cursor = page["next_cursor"]

    newest_first = addresses[::-1]
    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]


def test_jobs_are_listed_by_state(client: FlaskClient, rule_worker: RuleWorker) -> None:
    done = post_job(client, ["好"])
    rule_worker.score_once()
    waiting = post_job(client, ["好"])

    completed = client.get("/v1/jobs?state=completed").get_json()["data"]
    queued = client.get("/v1/jobs?state=queued").get_json()["data"]

    assert [job["links"]["self"] for job in completed] == [done]
    assert [job["links"]["self"] for job in queued] == [waiting]


def test_an_empty_list_is_an_empty_page(client: FlaskClient) -> None:
    assert client.get("/v1/jobs").get_json() == {"data": [], "next_cursor": None}


def test_a_job_says_what_is_ahead_of_it_and_when_it_should_be_done(
    client: FlaskClient, rule_worker: RuleWorker
) -> None:
    rule_worker.beat(texts_per_second=4.0)
    rule_worker.beat(texts_per_second=6.0)
    first, second = post_job(client, ["好"] * 20), post_job(client, ["好"] * 5)

    listed = {job["links"]["self"]: job for job in client.get("/v1/jobs").get_json()["data"]}
    read = client.get(second).get_json()

    assert (read["texts_ahead"], read["eta_seconds"]) == (20, 2.5)
    assert (listed[second]["texts_ahead"], listed[second]["eta_seconds"]) == (20, 2.5)
    assert (listed[first]["texts_ahead"], listed[first]["eta_seconds"]) == (0, 2.0)


def test_nobody_can_say_when_a_job_is_done_while_no_worker_lives(client: FlaskClient) -> None:
    answer = client.get(post_job(client, ["好"]))

    assert answer.get_json()["eta_seconds"] is None
    assert answer.headers["Retry-After"] == "10"


def test_counts_and_times_follow_the_texts(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好", "坏了", "差"])
    rule_worker.score_once(max_texts=2)
    half = client.get(address).get_json()
    rule_worker.score_once()
    done = client.get(address).get_json()

    assert half["state"] == "running"
    assert half["counts"] == {"total": 3, "queued": 1, "running": 0, "succeeded": 1, "failed": 1, "cancelled": 0}
    assert half["started_at"] is not None
    assert (done["state"], done["eta_seconds"], done["texts_ahead"]) == ("completed", 0.0, 0)
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]


def test_polling_costs_nothing_until_a_text_moves(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好"])
    first = client.get(address)

    same = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    rule_worker.score_once()
    changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.get_data()) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert (changed.status_code, changed.get_json()["state"]) == (200, "completed")
    assert "Retry-After" not in changed.headers


def test_a_long_poll_ends_as_soon_as_the_job_has_finished(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好"])
    threading.Timer(0.3, rule_worker.start).start()
    started = time.monotonic()

    answer = client.get(address, headers={"Prefer": "wait=30"})

    assert answer.get_json()["state"] == "completed"
    assert 0.25 < time.monotonic() - started < 5


def test_a_long_poll_of_a_finished_job_ends_at_once(client: FlaskClient, rule_worker: RuleWorker) -> None:
    address = post_job(client, ["好"])
    rule_worker.score_once()
    started = time.monotonic()

    assert client.get(address, headers={"Prefer": "wait=30"}).get_json()["state"] == "completed"
    assert time.monotonic() - started < 1


def test_a_waiting_caller_asks_the_database_only_when_woken(
    core: Core, client: FlaskClient, rule_worker: RuleWorker
) -> None:
    address = post_job(client, ["好"])
    statements = _count_statements(core.database)

    client.get(address, headers={"Prefer": "wait=2"})

    # Before the wait and after it, and once for the progress: no more, however long the wait.
    assert statements() <= 2 + PROGRESS_STATEMENTS


def test_the_progress_of_many_jobs_costs_as_much_as_that_of_one(
    core: Core, client: FlaskClient, rule_worker: RuleWorker
) -> None:
    rule_worker.beat()
    for _ in range(20):
        post_job(client, ["好", "差"])
    statements = _count_statements(core.database)

    jobs = client.get("/v1/jobs").get_json()["data"]

    assert len(jobs) == 20
    assert all(job["oldest_queued_seconds"] is not None and job["texts_per_second"] for job in jobs)
    assert statements() == 1 + PROGRESS_STATEMENTS


def test_a_job_says_how_fast_it_goes_and_how_long_its_first_text_waits(core: Core, rule_worker: RuleWorker) -> None:
    clock = FakeClock(SystemClock().now())
    client = create_app(replace(core, clock=clock)).test_client()
    rule_worker.beat(texts_per_second=10.0)
    texts = [f"第{number}条" for number in range(30)]
    first, second = post_job(client, texts), post_job(client, texts[:10])
    clock.move(5)
    rule_worker.score_once(max_texts=20)

    halfway, behind = client.get(first).get_json(), client.get(second).get_json()
    rule_worker.score_once(max_texts=20)
    done = client.get(first).get_json()

    assert (halfway["texts_per_second"], halfway["oldest_queued_seconds"]) == (10.0, 5.0)
    # It has half of what is to be done until its own end, so that is its share of the speed.
    assert (behind["texts_per_second"], behind["eta_seconds"]) == (5.0, 2.0)
    assert (done["state"], done["texts_per_second"], done["oldest_queued_seconds"]) == ("completed", None, None)


def test_a_job_whose_last_texts_are_being_scored_has_none_that_waits(
    client: FlaskClient, rule_worker: RuleWorker
) -> None:
    address = post_job(client, ["好"])
    rule_worker.claim()

    job = client.get(address).get_json()

    assert (job["counts"]["running"], job["oldest_queued_seconds"], job["texts_per_second"]) == (1, None, None)


def test_a_caller_is_woken_for_an_announcement_that_was_missed(core: Core, client: FlaskClient) -> None:
    address = post_job(client, ["好"])
    threading.Timer(0.3, lambda: core.room.set_hearing(True)).start()
    started = time.monotonic()

    answer = client.get(address, headers={"Prefer": "wait=1"})

    # Woken in between, it finds the job unfinished and goes on waiting to the end.
    assert answer.get_json()["state"] == "queued"
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize("job_id", ["0190f0c0-1111-7222-8333-444455556666", "abc", "0" * 32 + "x", "%F0%9F%98%80"])
@pytest.mark.parametrize("suffix", ["", "/results"])
def test_an_id_that_does_not_exist_is_not_found(client: FlaskClient, job_id: str, suffix: str) -> None:
    answer = client.get(f"/v1/jobs/{job_id}{suffix}")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json; charset=utf-8"
    assert answer.get_json()["code"] == "job_not_found"


def test_texts_of_other_models_are_not_ahead(client: FlaskClient, database: Database) -> None:
    submit(database, ["好"] * 7, FakeClock().now(), model="another")

    assert client.get(post_job(client, ["好"])).get_json()["texts_ahead"] == 0


def _count_statements(database: Database) -> Callable[[], int]:
    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *details: seen.append(details[2]))
    return lambda: len([statement for statement in seen if statement.lstrip().upper().startswith("SELECT")])


def test_an_announcement_that_is_no_id_is_ignored(client: FlaskClient, broker: Broker, rule_worker: RuleWorker) -> None:
    with broker.client() as redis_client:
        for junk in (b"junk", b"\xff\xfe", b""):
            redis_client.publish(FINISHED_CHANNEL, junk)
    address = post_job(client, ["好"])
    rule_worker.start()

    assert client.get(address, headers={"Prefer": "wait=20"}).get_json()["state"] == "completed"
