"""The service under measurement: started by its own launcher in a folder of its own."""

import http.client
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from bench.server import ROOT, Server, call, find_free_port

PYTHON = ROOT / ".venv" / "bin" / "python"  # the serving install, as `make run` uses it


class Service(Server):
    """The whole service, with what may be asked of it."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """Prepare a service that keeps its state in `folder`; `settings` are those that are not left as they are."""
        port = find_free_port()
        own = {"SENTIQ_PORT": str(port), "SENTIQ_STATE_DIR": str(folder)}
        super().__init__(
            command=(PYTHON, "-m", "embedded"),
            port=port,
            environment=own | dict(settings or {}),
            ready_path="/health/ready",
        )

    def submit(self, texts: Sequence[str]) -> str:
        """Submit one job and return its id."""
        status, job = call(self.connect(), "POST", "/v1/jobs", {"texts": list(texts)})
        if status != http.client.ACCEPTED:
            raise RuntimeError(f"The service refused the job: {job}")
        return str(job["id"])

    def run_job(self, texts: Sequence[str]) -> float:
        """Submit one job, wait for its end, and return the seconds between."""
        started = time.perf_counter()
        job_id, connection = self.submit(texts), self.connect()
        while True:
            _, job = call(connection, "GET", f"/v1/jobs/{job_id}", headers={"Prefer": "wait=30"})
            if job["state"] == "completed":
                _check_counts(job, len(texts))
                return time.perf_counter() - started

    def cancel(self, job_id: str) -> None:
        """Cancel a job and wait until its claimed texts are through."""
        connection = self.connect()
        call(connection, "POST", f"/v1/jobs/{job_id}/cancel")
        while call(connection, "GET", f"/v1/jobs/{job_id}")[1]["counts"]["running"]:
            time.sleep(0.05)

    def measure_memory_mb(self) -> dict[str, float]:
        """Return the resident memory of each kind of process, in MB."""
        assert self.process is not None
        found: dict[str, float] = {"api": 0.0, "worker": 0.0}
        for process in psutil.Process(self.process.pid).children(recursive=True):
            command = " ".join(process.cmdline())
            role = "api" if "gunicorn" in command else "worker" if command.endswith("-m worker") else None
            if role is not None:
                found[role] += process.memory_info().rss / 1e6
        return found


def _check_counts(job: dict[str, Any], expected: int) -> None:
    if job["counts"]["succeeded"] != expected:
        raise RuntimeError(f"Not every text was scored, so the figure would be wrong: {job['counts']}")
