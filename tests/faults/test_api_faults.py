"""A broker that is away while texts come in, and an API that dies at the worst moment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from shared.models import Job
from tests.servers import find_free_port
from tests.service import Service, wait_until

pytestmark = pytest.mark.faults

GUNICORN = ("gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:app")
TEXTS = {"texts": ["质量很好，下次再来", "太差了，要求退货"]}


@contextmanager
def start_api(service: Service, *command: str) -> Iterator[httpx.Client]:
    port = find_free_port()
    service.start("api", *command, port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        wait_until(lambda: is_up(client), 60, "the API answering")
        yield client


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_texts_are_taken_in_while_the_broker_is_down_and_scored_afterwards(service: Service) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    with start_api(service, *GUNICORN) as client:
        service.broker.kill()
        started = time.monotonic()

        answer = client.post("/v1/jobs", json=TEXTS)

        assert answer.status_code == 202
        assert time.monotonic() - started < 1
        service.broker.start()
        service.wait_for_state(UUID(answer.json()["id"]), "completed")
        results = client.get(answer.json()["links"]["results"]).json()
        assert [result["label"] for result in results["data"]] == ["positive", "negative"]


def test_the_simple_call_recovers_with_the_broker(service: Service) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    with start_api(service, *GUNICORN) as client:
        before = score(client)
        service.broker.kill()

        # Until the API has seen that the broker is gone, it may still store a text: 504, with the job's address.
        wait_until(lambda: score(client).status_code == 503, 10, "the simple call being refused")
        refused = score(client)

        assert (before.status_code, refused.status_code) == (200, 503)
        assert "Retry-After" in refused.headers
        service.broker.start()
        wait_until(lambda: score(client).status_code == 200, 30, "the simple call working again")


def test_a_job_that_nobody_scores_expires_while_its_caller_waits(service: Service) -> None:
    service.start("sweeper", "worker.sweeper")
    with start_api(service, *GUNICORN) as client:
        deadline = datetime.now(UTC) + timedelta(seconds=3)

        answer = client.post("/v1/jobs", json=TEXTS | {"deadline": deadline.isoformat()}, headers={"Prefer": "wait=15"})

        job = answer.json()
        assert (answer.status_code, job["state"], job["counts"]["cancelled"]) == (200, "expired", 2)
        assert datetime.fromisoformat(job["finished_at"]) >= deadline


def score(client: httpx.Client) -> httpx.Response:
    return client.post("/api/sentiment", json={"text": "服务态度很好"})


def test_an_api_killed_between_commit_and_publish_loses_nothing(service: Service) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")

    with start_api(service, "tests.faults.dying_api") as client, pytest.raises(httpx.TransportError):
        client.post("/v1/jobs", json=TEXTS)

    assert service.processes["api"].wait(10) == 9
    with service.database.reading() as session:
        job_id = session.scalars(select(Job.id)).one()
    service.wait_for_state(job_id, "completed")
    assert service.count_by_state(job_id) == {"succeeded": 2}
