"""The service that is attacked: real processes on loopback, with short waits, and without a courier.

Without one nothing that a fuzzer makes up for a webhook's address is ever called.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from migrations.upgrade import upgrade
from shared.database import Database
from tests import factories
from tests.servers import Broker, find_free_port
from tests.service import Service, wait_until

READY_SECONDS = 100
JOB_SECONDS = 60
SETTINGS: Mapping[str, Any] = {
    "webhook_secret": "whsec_" + "c2VudGlx" * 6,
    "webhook_encryption_keys": factories.ENCRYPTION_KEY,
    "max_wait_seconds": 1.0,
    "sentiment_wait_seconds": 15.0,
    "api_threads": 16,
    "cors_origins": ("https://shop.example",),
    "log_level": "warning",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A service that takes requests at `address`, from everybody until a key is made in its `database`."""

    address: str
    database: Database


@contextmanager
def run_target(folder: Path, database_url: str | None = None) -> Iterator[Target]:
    """Start broker, API, sweeper and one worker in an empty folder."""
    url = database_url or f"sqlite:///{folder / 'sentiq.db'}"
    database, broker, port = Database(url), Broker(folder), find_free_port()
    upgrade(database)
    broker.start()
    service = Service(broker, database, url, folder, options=dict(SETTINGS) | {"port": port})
    address = f"http://127.0.0.1:{port}"
    try:
        service.start("api", "gunicorn", "-c", "api/gunicorn_conf.py")
        service.start("sweeper", "worker.sweeper")
        service.start("worker", "worker")
        wait_until(lambda: is_ready(address), READY_SECONDS, "the service being ready")
        yield Target(address, database)
    finally:
        service.stop()
        broker.kill()
        database.close()


@contextmanager
def run_guarded_target(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Start a service that wants keys; yield its address, and the headers of a caller who may do everything."""
    with run_target(folder) as target:
        yield target.address, make_headers(factories.make_key(target.database))


def make_headers(key: str | None) -> dict[str, str]:
    """Return the headers that every request of a caller with this key carries."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def is_ready(address: str) -> bool:
    """Return whether texts sent now would be scored."""
    try:
        return httpx.get(f"{address}/health/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def serves_a_job(address: str, headers: Mapping[str, str] | None = None) -> bool:
    """Submit an ordinary job and return whether every text of it gets a result."""
    with httpx.Client(base_url=address, headers=headers, timeout=JOB_SECONDS) as client:
        job = client.post("/v1/jobs", json={"texts": ["物流很快，包装也好。", "用了两天就坏了。"]}).json()
        wait_until(
            lambda: client.get(job["links"]["self"]).json()["state"] == "completed", JOB_SECONDS, "the job's end"
        )
        results = client.get(job["links"]["results"]).json()["data"]
    return [result["state"] for result in results] == ["succeeded", "succeeded"]
