"""A program under measurement: started on a loopback port of its own, spoken to over HTTP, stopped with all of it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).parent.parent
START_SECONDS = 120
STOP_SECONDS = 30


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True, slots=True)
class Server:
    """A program that answers HTTP; `ready_path` answers 200 once it can work. A `with` block starts and stops it."""

    command: Sequence[str | Path]
    port: int = field(default_factory=find_free_port)
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_path: str = "/health"
    ready_answers: int = 1  # as many different ones are awaited: of a program whose processes answer each with its own
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start the program and return the seconds until it was ready."""
        started = time.perf_counter()
        self._launch()
        assert self.process is not None
        answers: set[bytes] = set()
        while len(answers) < self.ready_answers:
            if self.process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise RuntimeError(f"{self.command[0]} did not get ready; see {self.log or 'the lines above'}.")
            answers |= self._probe()
            time.sleep(0.02)
        return time.perf_counter() - started

    def stop(self) -> None:
        """Stop the program as Ctrl-C would, and whatever it leaves behind by force."""
        if self.process is None or self.process.poll() is not None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for child in psutil.wait_procs(children, timeout=1)[1]:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that may be used for many requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def _launch(self) -> None:
        output = self.log.open("ab") if self.log else None
        try:
            self.process = subprocess.Popen(
                [*self.command], cwd=ROOT, env=os.environ | dict(self.environment), stdout=output or sys.stderr,
                stderr=output or sys.stderr,
            )  # fmt: skip
        finally:
            if output:
                output.close()

    def _probe(self) -> set[bytes]:
        connection = self.connect()
        try:
            connection.request("GET", self.ready_path)
            response = connection.getresponse()
            return {response.read()} if response.status == http.client.OK else set()
        except (OSError, http.client.HTTPException):
            return set()
        finally:
            connection.close()


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
