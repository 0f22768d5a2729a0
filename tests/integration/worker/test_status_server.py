"""The two addresses at which a process without HTTP of its own can be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from shared.errors import SettingsError
from shared.settings import Settings
from tests.servers import find_free_port
from worker import measurements
from worker.status_server import serve_status


@dataclass
class Health:
    """Whether the process is well."""

    is_well: bool = True


@contextmanager
def serve(health: Health) -> Iterator[httpx.Client]:
    port = find_free_port()
    server = serve_status(Settings(metrics_port=port), lambda: health.is_well)
    assert server is not None
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_metrics_and_health_are_served_and_nothing_else() -> None:
    measurements.SWEEPS.labels("done").inc()

    with serve(Health()) as client:
        answers = {path: client.get(path) for path in ("/metrics", "/health/live", "/", "/metrics/../etc/passwd")}
        posted = client.post("/metrics")

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/metrics": 200, "/health/live": 200, "/": 404, "/metrics/../etc/passwd": 404,
    }  # fmt: skip
    assert 'sentiq_sweeper_rounds_total{outcome="done"}' in answers["/metrics"].text
    assert posted.status_code == 501


def test_a_process_that_is_not_well_says_so() -> None:
    health = Health()
    with serve(health) as client:
        before = client.get("/health/live").status_code
        health.is_well = False
        after = client.get("/health/live")

    assert (before, after.status_code, after.json()) == (200, 503, {"status": "stalled"})


def test_without_a_port_nothing_is_served() -> None:
    assert serve_status(Settings()) is None


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    port = find_free_port()
    server = serve_status(Settings(metrics_port=port))
    assert server is not None

    with pytest.raises(SettingsError, match=rf"SENTIQ_METRICS_PORT: cannot listen on 127\.0\.0\.1:{port}"):
        serve_status(Settings(metrics_port=port))

    server.shutdown()
    server.server_close()
