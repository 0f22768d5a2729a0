"""A service made of real processes, for the tests that kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import func, select

from shared.clock import SystemClock
from shared.database import Database
from shared.models import TextRow, WorkerRow
from shared.queries import workers
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from shared.states import Lane
from tests import factories
from tests.servers import Broker
from worker.watchdog import STALLED_EXIT_CODE

ROOT = Path(__file__).parent.parent
# Short, so that a test need not wait long for a lease to run out.
LEASE_SECONDS = 3.0
WATCHDOG_SECONDS = 8.0


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition, or fail by saying which."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


@dataclass(slots=True)
class Service:
    """Real processes around one broker and one database."""

    broker: Broker
    database: Database
    database_url: str
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)  # settings that differ from those below
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _restarts: dict[str, Callable[[], object]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings that the processes run with."""
        return Settings(**self._options)

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "database_url": self.database_url,
            "broker_url": self.broker.url,
            "state_dir": self.folder,
            "models_dir": ROOT / "models",
            "workers": 1,
            "lease_seconds": LEASE_SECONDS,
            "watchdog_seconds": WATCHDOG_SECONDS,
            "heartbeat_seconds": 0.5,
        } | self.options

    def start(self, name: str, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start `python -m command` as `name`, its log in the folder, with these settings changed."""
        chosen = Settings(**(self._options | options)).model_dump(exclude_unset=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SENTIQ_")}
        environment |= {f"SENTIQ_{key.upper()}": _write_setting(value) for key, value in chosen.items()}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.processes[name], self._restarts[name] = process, partial(self.start, name, *command, **options)
        return process

    def start_worker(self, module: str = "worker") -> int:
        """Start a worker, wait for its child, and return the child's pid."""
        self.start("worker", module)
        self.wait_for_child()
        return self.find_child()

    def wait_for_child(self) -> None:
        """Wait until a child of the worker beats."""
        wait_until(lambda: bool(self._list_children()), 30, "a worker child's first heartbeat")

    def find_child(self) -> int:
        """Return the pid of the worker's newest child."""
        return max(self._list_children(), key=lambda row: row.started_at).pid

    def _list_children(self) -> list[WorkerRow]:
        with self.database.reading() as session:
            live = workers.list_live(session, SystemClock().now() - timedelta(seconds=3))
        return [row for row in live if row.parent_pid == self.processes["worker"].pid and _is_alive(row.pid)]

    def submit(self, contents: list[str], lane: Lane = Lane.BULK, model: str | None = None) -> UUID:
        """Store a job as the API does, without a nudge."""
        model = model or self.settings.model_name
        return factories.submit(self.database, contents, SystemClock().now(), model=model, lane=lane)

    def nudge(self, texts: int) -> None:
        """Send the tickets for so many texts."""
        CeleryTaskQueue(self.settings).nudge(self.settings.model_name, texts)

    def wait_for_state(self, job_id: UUID, state: str, seconds: float = 60) -> None:
        """Wait until the job is in this state; start again what its watchdog ends, as a supervisor does."""
        wait_until(lambda: self._has_state(job_id, state), seconds, f"job {job_id} being {state}")

    def _has_state(self, job_id: UUID, state: str) -> bool:
        for name, process in tuple(self.processes.items()):
            if process.poll() == STALLED_EXIT_CODE:
                self._restarts[name]()
        return factories.get_job(self.database, job_id).state == state

    def count_by_state(self, job_id: UUID) -> dict[str, int]:
        """Return how many of the job's texts are in each state, counted from the rows themselves."""
        query = select(TextRow.state, func.count()).where(TextRow.job_id == job_id).group_by(TextRow.state)
        with self.database.reading() as session:
            return {str(state): int(count) for state, count in session.execute(query)}

    def read_log(self, name: str) -> str:
        """Return what a process has logged."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End every process that is still there."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _write_setting(value: object) -> str:
    """Return the value as an environment variable has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
