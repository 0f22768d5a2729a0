"""The service under fire: every process real, each started again when it ends, as a supervisor does."""

import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from migrations.upgrade import upgrade
from shared.database import Database
from tests.chaos.disk import mount_disk, unmount_disk
from tests.chaos.mutants import Mutant, mutate
from tests.chaos.options import Options
from tests.servers import Broker, PostgreSQL, find_free_port
from tests.service import Service, wait_until

BROKER, DATABASE = "broker", "database"
WORKERS = ("worker-1", "worker-2")  # while one is frozen past its lease, the other takes its texts over
PROGRAMS = {
    "api": ("gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:app"),
    **dict.fromkeys(WORKERS, ("tests.chaos.worker",)),
    "courier": ("worker.courier",),
    "sweeper": ("worker.sweeper",),
}
SECRET = "whsec_c2VudGlxLWNoYW9zLXdlYmhvb2stc2VjcmV0LTAxMjM="
START_SECONDS = 90  # on a busy machine


class ChaosService:
    """A `with` block starts all of it and ends all of it."""

    def __init__(self, folder: Path, options: Options) -> None:
        """Prepare it in `folder`, which every user must be able to enter."""
        self.port = find_free_port()
        self.broker = Broker(folder, append_only=options.append_only)
        self.server = PostgreSQL(folder) if options.database == "postgresql" else None
        self.disk: Path | None = None  # that of SQLite, if it has one of its own
        self.restarts = 0
        self._folder, self._options = folder, options
        self._stopped = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor")
        self._commands = {name: mutate(options.mutant, command) for name, command in PROGRAMS.items()}
        if options.mutant == Mutant.SWEEPER_OFF:
            del self._commands["sweeper"]

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def names(self) -> list[str]:
        """Every program that runs."""
        return [BROKER, *([DATABASE] if self.server else []), *self._commands]

    def find_process(self, name: str) -> psutil.Process:
        """Return a program's first process.

        Raises:
            psutil.NoSuchProcess: it is just being started again.
        """
        process = self._find_popen(name)
        if process is None or process.poll() is not None:
            raise psutil.NoSuchProcess(0)
        return psutil.Process(process.pid)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self.broker.start()
        if self.server is None:
            self.disk = mount_disk(self._folder / "disk")
            url = f"sqlite:///{(self.disk or self._folder) / 'sentiq.db'}"
        else:
            self.server.start()
            url = self.server.url
        self.database = Database(url)
        upgrade(self.database)
        settings = {
            "port": self.port,
            "webhook_secret": SECRET,
            "webhook_allow_private": True,
            "webhook_retry_seconds": (1, 1, 2, 2, 3, 3, 5, 5, 5),
        }
        self._service = Service(self.broker, self.database, url, self._folder, settings)
        for name, command in self._commands.items():
            self._service.start(name, *command)
        wait_until(self._is_up, START_SECONDS, "the API and a worker being up")
        self._supervisor.start()

    def _is_up(self) -> bool:
        try:
            return bool(httpx.get(f"{self.url}/v1/models", timeout=2).json()["data"])
        except (httpx.TransportError, ValueError, KeyError):
            return False

    def _find_popen(self, name: str) -> subprocess.Popen[bytes] | None:
        if name == BROKER:
            return self.broker.process
        if name == DATABASE:
            return self.server.process if self.server else None
        return self._service.processes[name]

    def _supervise(self) -> None:
        while not self._stopped.wait(0.1):
            for name in self.names:
                process = self._find_popen(name)
                if process is None or process.poll() is not None:
                    self.restarts += 1
                    self._revive(name)

    def _revive(self, name: str) -> None:
        try:
            if name == BROKER:
                self.broker.start()
            elif name == DATABASE and self.server:
                self.server.start()
            else:
                self._service.start(name, *self._commands[name])
        except TimeoutError:
            time.sleep(0.2)  # it is found dead again in the next round

    def _stop(self) -> None:
        self._stopped.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        if hasattr(self, "_service"):
            self._service.stop()
            self.database.close()
        self.broker.kill()
        if self.server is not None:
            self.server.stop()
        unmount_disk(self.disk)

    def read_logs(self) -> dict[str, str]:
        """Return what each program has logged."""
        return {name: self._service.read_log(name) for name in self._commands}
