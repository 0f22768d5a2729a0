"""Waiting for a job."""

import pytest

from sentiq import Client, JobInfo, JobState, WaitTimedOut
from tests.client.fake_service import FakeService, Reply, problem


def test_progress_is_told_when_something_has_changed(fake: FakeService, client: Client) -> None:
    fake.speed = 2
    job = client.submit(["好"] * 5)
    told: list[int] = []

    job.wait(on_progress=lambda info: told.append(info.counts.finished), poll_seconds=0.001)

    assert told == [0, 2, 4, 5]
    assert job.state is JobState.COMPLETED
    assert [sent.headers.get("if-none-match") for sent in fake.sent[1:]] == [None, 'W/"2"', 'W/"4"']
    assert "prefer" not in fake.sent[1].headers


def test_without_a_listener_the_service_holds_its_answer(fake: FakeService, client: Client) -> None:
    client.submit(["好"]).wait()

    assert fake.sent[1].headers["prefer"] == "wait=20"


def test_an_unchanged_job_costs_no_body(fake: FakeService, client: Client) -> None:
    fake.speed = 1
    job = client.submit(["好", "好"])
    fake.replies.extend([None, Reply(304, {"ETag": 'W/"1"'})])
    told: list[JobInfo] = []

    job.wait(on_progress=told.append, poll_seconds=0.001)

    assert [info.counts.finished for info in told] == [0, 1, 2]


def test_who_waited_enough_gets_the_job_as_it_is(fake: FakeService, client: Client) -> None:
    fake.speed = 0
    job = client.submit(["好"])

    with pytest.raises(WaitTimedOut) as caught:
        job.wait(timeout=0.05, poll_seconds=0.01)

    assert caught.value.job.id == job.id
    assert "goes on" in str(caught.value)


def test_a_service_that_is_away_for_a_moment_ends_no_wait(fake: FakeService, client: Client) -> None:
    fake.speed = 1
    job = client.submit(["好"] * 3)
    away = problem(503, "database_unavailable", "Away.")
    fake.replies.extend([away, away, away, None, away, away, away])

    job.wait(poll_seconds=0.001)

    assert job.counts.succeeded == 3


def test_a_cancelled_job_is_over(fake: FakeService, client: Client) -> None:
    fake.speed = 1
    job = client.submit(["好"] * 5)

    assert job.cancel().state is JobState.CANCELLED
    assert job.wait().is_finished


def test_jobs_are_listed_over_all_pages_and_found_by_id(client: Client) -> None:
    ids = [client.submit(["好"]).id for _ in range(7)]

    assert [job.id for job in client.jobs()] == ids[::-1]
    assert client.job(str(ids[0])).id == ids[0]


def test_a_job_can_be_removed(client: Client) -> None:
    job = client.submit(["好"])

    job.delete()

    assert list(client.jobs()) == []
