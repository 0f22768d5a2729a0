"""A broker behind a Sentinel: the master dies, a replica takes over, and the service goes on by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.database import Database
from tests.faults.sentinel import NAME, WatchedBroker
from tests.faults.test_api_faults import GUNICORN, score, start_api
from tests.faults.test_worker_faults import MANY
from tests.service import Service, wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def watched_broker(tmp_path: Path) -> Iterator[WatchedBroker]:
    folder = tmp_path / "brokers"
    folder.mkdir()
    broker = WatchedBroker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The database plays no part in this."""
    return database_url


@pytest.fixture
def service(tmp_path: Path, database: Database, database_url: str, watched_broker: WatchedBroker) -> Iterator[Service]:
    folder = tmp_path / "service"
    folder.mkdir()
    running = Service(watched_broker, database, database_url, folder, {"broker_master_name": NAME})
    yield running
    running.stop()


@pytest.mark.timeout(240)
def test_the_service_follows_the_master(service: Service, watched_broker: WatchedBroker) -> None:
    service.start_worker()
    service.start("sweeper", "worker.sweeper")
    with start_api(service, *GUNICORN) as client:
        before = score(client).status_code
        watched_broker.kill()
        job_id = service.submit(MANY[:50])
        wait_until(watched_broker.has_failed_over, 60, "the Sentinel choosing the replica")

        service.wait_for_state(job_id, "completed", seconds=60)
        wait_until(lambda: score(client).status_code == 200, 60, "the simple call working again")

    assert before == 200
    assert service.count_by_state(job_id) == {"succeeded": 50}
