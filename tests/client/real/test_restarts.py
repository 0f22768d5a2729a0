"""The service dies in mid-upload and in mid-download, comes back, and the client goes on by itself."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sentiq import Client, RetryPolicy
from tests.hostile.target import SETTINGS
from tests.servers import find_free_port
from tests.service import Service, wait_until

TEXTS = 20_000
PATIENT = RetryPolicy(attempts=40, first_pause_seconds=0.1, longest_pause_seconds=1.0)


@dataclass
class API:
    """The API of a service, which can be killed and started again."""

    service: Service
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.service.start("api", "gunicorn", "-c", "api/gunicorn_conf.py")
        wait_until(self.lives, 60, "the API")

    def kill(self) -> None:
        """End it as a crash would."""
        process = self.service.processes["api"]
        process.kill()
        process.wait()
        wait_until(lambda: not self.lives(), 30, "the end of its processes")

    def lives(self) -> bool:
        """Return whether it answers."""
        try:
            return httpx.get(f"{self.url}/health/live", timeout=5).is_success
        except httpx.HTTPError:
            return False


@pytest.fixture
def api(service: Service) -> API:
    """Return a running API with its sweeper; nothing scores, for nothing here hangs on it."""
    port = find_free_port()
    service.options.update(SETTINGS, port=port)
    running = API(service, port)
    running.start()
    service.start("sweeper", "worker.sweeper")
    return running


def restart(api: API, begun: threading.Event | None = None) -> None:
    if begun is not None:
        begun.wait(60)
    api.kill()
    time.sleep(0.5)  # so that somebody meets nobody
    api.start()


@pytest.mark.timeout(240)
def test_an_upload_survives_a_restart(api: API, tmp_path: Path) -> None:
    path = tmp_path / "texts.ndjson"
    path.write_text("".join(f'"第{number}条，很好"\n' for number in range(TEXTS)), encoding="utf-8")
    begun = threading.Event()

    def slow_down(sent: int, size: int | None) -> None:
        begun.set()
        time.sleep(1.0)  # longer than a kill takes

    killer = threading.Thread(target=restart, args=(api, begun))
    killer.start()
    with Client(api.url, retries=PATIENT) as client:
        job = client.submit(path, on_upload=slow_down)
        killer.join()

        assert job.refresh().counts.total == TEXTS
        assert not job.info.receiving
        assert len(list(client.jobs())) == 1


@pytest.mark.timeout(240)
def test_a_download_survives_a_restart(api: API) -> None:
    with Client(api.url, retries=PATIENT) as client:
        job = client.submit([f"第{number}条，很好" * 20 for number in range(TEXTS)])
        results = job.results()
        read = [next(results).index for _ in range(100)]

        restart(api)
        read += [result.index for result in results]

    assert read == list(range(TEXTS))
