"""A PostgreSQL that crashes and one that is restarted: every process goes on by itself, and nothing is lost."""

import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from migrations.upgrade import upgrade
from shared.clock import SystemClock
from shared.database import Database
from tests.factories import finish_job, get_delivery, list_texts
from tests.faults.test_api_faults import GUNICORN, TEXTS, start_api
from tests.faults.test_courier_faults import start_courier
from tests.faults.test_worker_faults import MANY, is_under_way
from tests.receivers import Receiver
from tests.servers import Broker, PostgreSQL
from tests.service import Service, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    """Yield a PostgreSQL that the test may kill."""
    with tempfile.TemporaryDirectory(prefix="sentiq-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = PostgreSQL(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def service(server: PostgreSQL, tmp_path: Path, broker: Broker) -> Iterator[Service]:
    database = Database(server.url)
    upgrade(database)
    options = {
        "webhook_secret": "whsec_" + b64encode(b"s" * 32).decode(),
        "webhook_allow_private": True,
        "webhook_retry_seconds": "0.5,0.5,0.5,0.5",
        "nudge_grace_seconds": 0.5,
    }
    with broker.client() as client:
        client.flushall()
    running = Service(broker, database, server.url, tmp_path, options)
    yield running
    running.stop()
    database.close()


def submit(client: httpx.Client) -> int:
    return client.post("/v1/jobs", json=TEXTS).status_code


def test_processes_outlive_a_crash_and_a_restart_of_the_database(service: Service, server: PostgreSQL) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    start_courier(service)
    with start_api(service, *GUNICORN) as client, Receiver() as receiver:
        job_id = service.submit(MANY)
        service.nudge(len(MANY))
        wait_until(lambda: is_under_way(service, job_id), 30, "the job being under way")
        pids = {name: process.pid for name, process in service.processes.items()}

        server.kill()
        refused = submit(client)
        server.start()
        accepted = submit(client)
        server.restart()
        delivery_id = finish_job(service.database, SystemClock().now(), url=receiver.url)

        service.wait_for_state(job_id, "completed", seconds=90)
        wait_until(lambda: get_delivery(service.database, delivery_id).state == "delivered", 60, "the delivery")
        assert submit(client) == 202

    assert (refused, accepted) == (503, 202)
    assert service.count_by_state(job_id) == {"succeeded": len(MANY)}
    assert max(row.attempts for row in list_texts(service.database, job_id)) <= 3
    assert {name: process.pid for name, process in service.processes.items()} == pids, "somebody was started again"
    assert all(process.poll() is None for name, process in service.processes.items())
