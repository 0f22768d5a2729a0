"""Server-sent events: a job as it moves, until its end, at a cost that has a limit."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from api.app import create_app
from api.core import Core
from api.services.following import read_job
from api.services.watching import Sighting, watch_job
from api.waiting import WaitingRoom
from shared.database import Database
from shared.queries import jobs, receiving
from shared.states import Lane
from shared.tenants import Tenant
from tests.factories import submit
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.sse import Event, list_names, parse_events


def post_job(client: FlaskClient, texts: list[str]) -> dict[str, str]:
    """Submit texts and return where the job's events and the job are."""
    links: dict[str, str] = client.post("/v1/jobs", json={"texts": texts}).get_json()["links"]
    return links


def follow(client: FlaskClient, address: str) -> Iterator[Event]:
    """Yield the events as they come."""
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "text/event-stream; charset=utf-8")
    for piece in answer.response:
        assert isinstance(piece, bytes)
        yield from parse_events(piece)


def test_a_job_is_followed_to_its_end(client: FlaskClient, rule_worker: RuleWorker) -> None:
    links = post_job(client, ["好", "差"])
    events = follow(client, links["events"])

    name, job = next(events)
    assert (name, job["state"], job["counts"]["queued"]) == ("progress", "queued", 2)
    rule_worker.score_once(max_texts=1)
    name, job = next(events)
    assert (name, job["state"], job["counts"]["succeeded"]) == ("progress", "running", 1)
    rule_worker.score_once()
    name, job = next(events)
    assert (name, job["state"], job["counts"]["succeeded"]) == ("completed", "completed", 2)
    assert job == client.get(links["self"]).get_json()
    assert list(events) == []


def test_a_finished_job_is_one_event(client: FlaskClient, rule_worker: RuleWorker) -> None:
    links = post_job(client, ["好"])
    rule_worker.score_once()

    answer = client.get(links["events"])

    assert list_names(parse_events(answer.get_data())) == ["completed"]
    assert answer.get_data().startswith(b"retry: 2000\n\n")
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_cancelled_job_says_so(client: FlaskClient) -> None:
    links = post_job(client, ["好"])
    events = follow(client, links["events"])
    next(events)

    client.post(links["cancel"])

    assert list_names(events) == ["cancelled"]


def test_the_stream_of_a_job_that_is_removed_ends_without_a_last_event(client: FlaskClient) -> None:
    links = post_job(client, ["好"])
    events = follow(client, links["events"])
    next(events)

    client.delete(links["self"])

    assert list(events) == []
    assert client.get(links["events"]).status_code == 404


def test_the_streams_of_a_service_that_stops_end(core: Core, client: FlaskClient) -> None:
    events = follow(client, post_job(client, ["好"])["events"])
    next(events)
    threading.Timer(0.1, core.room.close).start()

    assert list(events) == []


def test_a_quiet_stream_is_kept_alive_by_comments(core: Core, database: Database) -> None:
    job_id = submit(database, ["好"], FakeClock().now())
    sightings = watch(core, job_id, heartbeat_seconds=0.0)

    assert next(sightings) is not None
    assert next(sightings) is None
    assert next(sightings) is None


def test_the_end_of_an_upload_is_told_though_no_text_has_moved(core: Core, database: Database) -> None:
    job_id, token, now = uuid4(), uuid4(), FakeClock().now()
    with database.writing() as session:
        jobs.insert_job(
            session, job_id=job_id, model="m", lane=Lane.BULK, metadata=None, total=1, now=now,
            receiving_until=now, upload_token=token,
        )  # fmt: skip
    sightings = watch(core, job_id, heartbeat_seconds=0.0)
    next(sightings)

    with database.writing() as session:
        receiving.close_upload(session, job_id, token, now)

    assert isinstance(sighting := next(sightings), Sighting)
    assert not sighting.job.is_receiving


def watch(core: Core, job_id: UUID, **options: float) -> Iterator[object]:
    seat = core.room.take_stream_seat(job_id)
    assert seat is not None
    return watch_job(core, read_job(core, Tenant.LOCAL, job_id), seat, **options)


def test_the_database_is_asked_no_more_than_once_a_second_even_while_nothing_can_be_heard(
    core: Core, database: Database
) -> None:
    job_id = submit(database, ["好"], FakeClock().now())
    statements: list[str] = []
    sightings = watch(core, job_id)
    next(sightings)
    event.listen(core.database.engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
    threading.Timer(2.5, core.room.close).start()
    started = time.monotonic()

    waking = threading.Thread(target=_wake_all_the_time, args=(core.room,))
    waking.start()
    assert list(sightings) == []
    waking.join()

    looks = [statement for statement in statements if "FROM jobs" in statement]
    assert 1 <= len(looks) <= time.monotonic() - started + 1


def _wake_all_the_time(room: WaitingRoom) -> None:
    while not room.is_closing:
        room.set_hearing(False)
        time.sleep(0.02)


def test_streams_never_take_every_thread_and_give_their_places_back(
    core: Core, database: Database, rule_worker: RuleWorker
) -> None:
    client = create_app(replace(core, room=WaitingRoom(capacity=2))).test_client()
    waiting, done = post_job(client, ["好"]), post_job(client, ["好"])
    open_stream = client.get(waiting["events"])

    refused = client.get(done["events"])
    open_stream.close()
    rule_worker.score_once()
    served = [client.get(done["events"], buffered=True).status_code for _ in range(3)]

    assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_waiting")
    assert refused.headers["Retry-After"] == "5"
    assert served == [200] * 3


@pytest.mark.parametrize("job_id", ["0190f0c0-1111-7222-8333-444455556666", "abc"])
def test_the_events_of_no_job_are_not_found(client: FlaskClient, job_id: str) -> None:
    answer = client.get(f"/v1/jobs/{job_id}/events")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "job_not_found")
