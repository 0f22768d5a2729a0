"""The service under measurement: started by its own launcher in a folder of its own, spoken to over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"  # the serving install, as `make run` uses it
START_SECONDS = 60


@dataclass(slots=True)
class Service:
    """A running service on a port of its own."""

    folder: Path
    port: int = field(default_factory=lambda: _find_free_port())
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start the service and return the seconds until it was ready."""
        environment = os.environ | {"SENTIQ_PORT": str(self.port), "SENTIQ_STATE_DIR": str(self.folder)}
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [PYTHON, "-m", "embedded"], cwd=ROOT, env=environment, stdout=sys.stderr, stderr=sys.stderr
        )
        while not self._is_ready():
            if self.process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise RuntimeError(f"The service did not get ready; its logs are in {self.folder / 'logs'}.")
            time.sleep(0.02)
        return time.perf_counter() - started

    def stop(self) -> None:
        """Stop the service as Ctrl-C would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that may be used for many requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

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

    def _is_ready(self) -> bool:
        try:
            return call(self.connect(), "GET", "/health/ready")[0] == http.client.OK
        except OSError:
            return False


def call(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Make one request and return its status and its JSON."""
    payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    connection.request(method, path, payload, {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def _check_counts(job: dict[str, Any], expected: int) -> None:
    if job["counts"]["succeeded"] != expected:
        raise RuntimeError(f"Not every text was scored, so the figure would be wrong: {job['counts']}")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
