"""A real gunicorn with the application, for tests that send it what no test client can."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import Settings
from tests.servers import find_free_port
from tests.service import ROOT, wait_until

JSON = {"Content-Type": "application/json"}


@dataclass
class Server:
    """A gunicorn with two processes of four threads."""

    port: int
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own; a body that is an iterator goes in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, JSON | sent, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    @contextmanager
    def open_stream(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """Begin to read an answer with a small window, so that little of it is on the way."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.sock.settimeout(20)
        connection.sock.connect(("127.0.0.1", self.port))
        connection.request("GET", path)
        with closing(connection), connection.getresponse() as answer:
            yield answer

    def lives(self) -> bool:
        """Return whether the server answers."""
        try:
            return self.call("GET", "/health/live")[0] == 200
        except OSError:
            return False

    def send_and_hang_up(self, body: bytes, *, length: int) -> None:
        """Send the beginning of a request that should wait, and close the connection."""
        lines = (
            "POST /api/sentiment HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Content-Length: {length}",
        )
        head = "".join(f"{line}\r\n" for line in (*lines, ""))
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(head.encode() + body)


@contextmanager
def serving(settings: Settings, folder: Path, **own: object) -> Iterator[Server]:
    """Run a gunicorn of these settings, with others of its own, and stop it afterwards."""
    port = find_free_port()
    changed = {
        "port": port,
        "database_url": settings.resolved_database_url,
        "broker_url": settings.required_broker_url,
        "state_dir": folder,
        "api_threads": 4,
    } | own
    with (folder / "gunicorn.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py"],
            cwd=ROOT, env=os.environ | {f"SENTIQ_{name.upper()}": str(value) for name, value in changed.items()},
            stdout=log, stderr=log,
        )  # fmt: skip
    running = Server(port, process)
    try:
        wait_until(running.lives, 20, "gunicorn's first answer")
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
