"""An upload that breaks off: gone on with under its key, gone without one; and what others do to it meanwhile."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.core import Core
from api.request_errors import IdempotencyKeyReused
from api.services.idempotency import KeyedRequest
from api.services.receiving import SILENCE_SECONDS, receive_file
from api.services.submission import Submission
from api.upload_errors import UploadInterrupted, UploadTakenOver
from shared.database import Database
from shared.errors import JobAlreadyFinished, JobNotFound
from shared.queries import idempotency
from shared.queries.texts import NewText
from shared.settings import Settings
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts
from worker.expiry import Expiry

KEY = KeyedRequest(0, "nightly", "f" * 64)


def make_rows(count: int, first: int = 0) -> list[NewText]:
    return [NewText(f"第{number}条") for number in range(first, first + count)]


def break_off(rows: list[NewText]) -> Iterator[NewText]:
    yield from rows
    raise UploadInterrupted


def receive(core: Core, rows: Any, keyed: KeyedRequest | None = KEY, max_bad_rows: int | None = None) -> Any:
    return receive_file(core, Submission((), keyed=keyed), rows, max_bad_rows)


def sweep(core: Core, database: Database) -> None:
    Expiry(core.settings, database, core.queue, core.clock).remove_abandoned()


def list_jobs(client: FlaskClient) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = client.get("/v1/jobs").get_json()["data"]
    return jobs


def test_an_upload_with_a_key_goes_on_where_it_broke_off(
    core: Core, client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    with pytest.raises(UploadInterrupted):
        receive(core, break_off(make_rows(4_500)))
    (broken,) = list_jobs(client)
    while rule_worker.score_once(1_000):
        continue
    (scored,) = list_jobs(client)

    receipt = receive(core, make_rows(5_000))
    while rule_worker.score_once(1_000):
        continue

    (whole,) = list_jobs(client)
    assert broken["receiving"]
    assert 4_000 <= broken["counts"]["total"] <= 4_500  # chunks end after a second, too
    assert (scored["state"], scored["receiving"]) == ("running", True)
    assert scored["counts"]["succeeded"] == broken["counts"]["total"]
    assert (str(receipt.job_id), receipt.is_replay) == (broken["id"], True)
    assert (whole["state"], whole["receiving"], whole["counts"]["succeeded"]) == ("completed", False, 5_000)
    assert count_texts(database) == 5_000


def test_the_key_of_an_upload_is_remembered_for_as_long_as_the_upload_is_waited_for(
    core: Core, client: FlaskClient, database: Database
) -> None:
    clock = FakeClock(datetime.now(UTC))
    settings = core.settings.model_copy(update={"idempotency_seconds": 60, "upload_resume_seconds": 3_600})
    core = replace(core, clock=clock, settings=settings)
    with pytest.raises(UploadInterrupted):
        receive(core, break_off(make_rows(2_500)))

    clock.move(3_500)
    with database.writing() as session:
        idempotency.delete_expired(session, clock.now(), 100)
    receipt = receive(core, make_rows(3_000))

    (job,) = list_jobs(client)
    assert (job["id"], job["counts"]["total"], receipt.is_replay) == (str(receipt.job_id), 3_000, True)


def test_an_upload_without_a_key_vanishes_at_once_and_its_rows_soon(
    core: Core, client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    held: list[Any] = []

    def rows() -> Iterator[NewText]:
        yield from make_rows(2_000)
        held.append(rule_worker.claim(10))  # a worker is at it when the caller hangs up
        raise UploadInterrupted

    with pytest.raises(UploadInterrupted):
        receive(core, rows(), keyed=None)
    seen = list_jobs(client)
    sweep(core, database)

    assert (seen, count_jobs(database), count_texts(database)) == ([], 0, 0)
    assert len(held[0][0]) == 10


@pytest.mark.parametrize("keyed", [None, KEY])
def test_an_upload_whose_process_died_vanishes_after_its_time(
    core: Core, database: Database, client: FlaskClient, keyed: KeyedRequest | None
) -> None:
    clock = FakeClock(datetime.now(UTC))
    core = replace(core, clock=clock)

    class Killed(BaseException):
        pass

    def rows() -> Iterator[NewText]:
        yield from make_rows(2_000)
        with database.writing() as session:  # so that this request can clean up no more than a dead one
            session.connection().exec_driver_sql("UPDATE jobs SET upload_token = NULL")
        raise Killed

    with pytest.raises(Killed):
        receive(core, rows(), keyed)
    clock.move(SILENCE_SECONDS - 1 if keyed is None else core.settings.upload_resume_seconds - 1)
    sweep(core, database)
    before = len(list_jobs(client))
    clock.move(2)
    sweep(core, database)

    assert (before, count_jobs(database), count_texts(database)) == (1, 0, 0)


@pytest.mark.parametrize("other", [make_rows(3_000, first=1), make_rows(1_000), make_rows(1_999)])
def test_other_rows_under_the_key_are_refused_and_the_stored_ones_stay(
    core: Core, client: FlaskClient, other: list[NewText]
) -> None:
    with pytest.raises(UploadInterrupted):
        receive(core, break_off(make_rows(2_500)))

    with pytest.raises(IdempotencyKeyReused):
        receive(core, other)
    receive(core, make_rows(2_500))

    (job,) = list_jobs(client)
    assert (job["receiving"], job["counts"]["total"]) == (False, 2_500)


def test_a_whole_upload_sent_again_is_the_same_job_and_other_rows_are_not(
    client: FlaskClient, database: Database
) -> None:
    def post(content: str, query: str = "") -> TestResponse:
        headers = {"Idempotency-Key": "k"}
        return client.post(f"/v1/jobs?{query}", data=content.encode(), content_type="text/csv", headers=headers)

    first, again = post("text\n好\n差\n"), post("text\r\n好\r\n差\r\n")
    others = [post("text\n好\n"), post("text\n好\n差\n行\n"), post("text\n好\n坏\n"), post("text\n好\n差\n", "model=x")]

    assert (again.status_code, again.get_json()["id"]) == (202, first.get_json()["id"])
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert {(answer.status_code, answer.get_json()["code"]) for answer in others} == {(422, "idempotency_key_reused")}
    assert (count_jobs(database), count_texts(database)) == (1, 2)


def test_a_key_of_a_json_job_is_none_of_an_upload(client: FlaskClient) -> None:
    client.post("/v1/jobs", json={"texts": ["好"]}, headers={"Idempotency-Key": "k"})

    answer = client.post("/v1/jobs", data="text\n好\n", content_type="text/csv", headers={"Idempotency-Key": "k"})

    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")


def test_the_later_of_two_requests_goes_on_and_the_earlier_stores_nothing_more(core: Core, client: FlaskClient) -> None:
    def rows() -> Iterator[NewText]:
        yield from make_rows(2_000)
        receive(core, make_rows(6_000))
        yield from make_rows(4_000, first=2_000)

    with pytest.raises(UploadTakenOver):
        receive(core, rows())

    (job,) = list_jobs(client)
    assert (job["receiving"], job["counts"]["total"]) == (False, 6_000)


@pytest.mark.parametrize("keyed", [None, KEY])
def test_a_job_that_is_cancelled_while_its_texts_arrive_ends_with_those(
    core: Core, client: FlaskClient, rule_worker: RuleWorker, keyed: KeyedRequest | None
) -> None:
    def rows() -> Iterator[NewText]:
        yield from make_rows(2_000)
        rule_worker.score_once(2_000)
        client.post(f"/v1/jobs/{list_jobs(client)[0]['id']}/cancel")
        yield from make_rows(4_000, first=2_000)

    with pytest.raises(JobAlreadyFinished, match="cancelled"):
        receive(core, rows(), keyed)

    (job,) = list_jobs(client)
    assert (job["state"], job["receiving"], job["counts"]["total"]) == ("cancelled", False, 2_000)
    assert job["finished_at"] is not None


def test_a_job_that_is_removed_while_its_texts_arrive_is_gone(
    core: Core, client: FlaskClient, database: Database
) -> None:
    def rows() -> Iterator[NewText]:
        yield from make_rows(2_000)
        client.delete(f"/v1/jobs/{list_jobs(client)[0]['id']}")
        yield from make_rows(4_000, first=2_000)

    with pytest.raises(JobNotFound):
        receive(core, rows(), None)

    assert (count_jobs(database), count_texts(database)) == (0, 0)


def test_a_job_does_not_complete_before_its_last_text_has_arrived(
    core: Core, client: FlaskClient, rule_worker: RuleWorker
) -> None:
    states = []

    def rows() -> Iterator[NewText]:
        for first in range(0, 6_000, 2_000):
            yield from make_rows(2_000, first)
            yield NewText("好")  # of the next chunk, so that the one before is stored
            rule_worker.score_once(10_000)
            states.append(list_jobs(client)[0]["state"])

    receive(core, rows())

    assert set(states) == {"running"}
    while rule_worker.score_once(10_000):
        continue
    assert list_jobs(client)[0]["state"] == "completed"


def test_uploads_and_workers_at_the_same_time_lose_nothing(
    core: Core, client: FlaskClient, rule_worker: RuleWorker, settings: Settings
) -> None:
    rule_worker.start()

    def rows() -> Iterator[NewText]:
        for number in range(6_000):
            yield NewText(f"第{number % 700}条")

    for keyed in (None, KEY):
        receive(core, rows(), keyed)

    for job in list_jobs(client):
        done = client.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=30"}).get_json()
        assert (done["state"], done["counts"]["succeeded"]) == ("completed", 6_000)


def test_requests_at_once_under_one_key_make_one_job(core: Core, client: FlaskClient, database: Database) -> None:
    outcomes: list[str] = []

    def send() -> None:
        try:
            outcomes.append(str(receive(core, make_rows(2_500)).job_id))
        except UploadTakenOver:
            outcomes.append("taken over")

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (job,) = list_jobs(client)
    assert (job["receiving"], job["counts"]["total"]) == (False, 2_500)
    assert set(outcomes) <= {job["id"], "taken over"}
    assert (count_jobs(database), count_texts(database)) == (1, 2_500)


def test_a_body_that_ends_too_early_is_an_interruption(client: FlaskClient) -> None:
    content = "text\n" + "".join(f"第{number}条\n" for number in range(5_000))
    cut = content.encode()[:-1]

    answers = [
        client.post(
            "/v1/jobs",
            data=cut,
            content_type="text/csv",
            headers=headers,
            environ_overrides={"CONTENT_LENGTH": str(len(cut) + 1)},
        )
        for headers in ({}, {"Idempotency-Key": "k"})
    ]

    assert {(answer.status_code, answer.get_json()["code"]) for answer in answers} == {(400, "upload_interrupted")}
    (job,) = list_jobs(client)  # the one with a key
    assert (job["receiving"], job["counts"]["total"] >= 4_000) == (True, True)
