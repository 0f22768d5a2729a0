"""How fast a file of a million texts is taken in, with nobody to score it: API and database alone."""

import http.client
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

from bench.report import Row
from migrations.upgrade import upgrade
from shared.database import Database
from tests.servers import Broker, PostgreSQL, find_free_port
from tests.service import Service, wait_until

BAR = 20_000  # texts/s
ROUNDS = 3
START_SECONDS, UPLOAD_SECONDS = 60, 600


def measure_uploads(table: Path, count: int) -> list[Row]:
    """Upload the table to each kind of database."""
    return [row for kind in ("SQLite", "PostgreSQL") for row in _measure_one(kind, table, count)]


def _measure_one(kind: str, table: Path, count: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as name, _running_api(kind, Path(name)) as (api, port):
        rates = [_upload(port, table, count)]
        before = _measure_memory_mb(api)
        rates += [_upload(port, table, count) for _ in range(ROUNDS - 1)]
        after = _measure_memory_mb(api)
    slowest = min(rates)
    spread = f"{slowest:,.0f} to {max(rates):,.0f} in {ROUNDS} rounds"
    return [
        Row(f"upload of {count:,} texts, {kind}, texts/s", spread, f"≥ {BAR:,}", slowest >= BAR),
        Row(
            f"api memory after one → {ROUNDS} of them, {kind}, MB",
            f"{before:.0f} → {after:.0f}",
            "within 10 %",
            after <= 1.1 * before,
        ),
    ]


@contextmanager
def _running_api(kind: str, folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Yield the API's process and its port."""
    folder.chmod(0o755)  # PostgreSQL runs as another user
    server = PostgreSQL(folder) if kind == "PostgreSQL" else None
    if server is not None:
        server.start()
    url = f"sqlite:///{folder / 'sentiq.db'}" if server is None else server.url
    database, broker, port = Database(url), Broker(folder), find_free_port()
    upgrade(database)
    broker.start()
    service = Service(broker, database, url, folder, options={"port": port})
    try:
        process = service.start("api", "gunicorn", "-c", "api/gunicorn_conf.py")
        wait_until(lambda: _lives(port), START_SECONDS, "the API")
        yield psutil.Process(process.pid), port
    finally:
        service.stop()
        broker.kill()
        database.close()
        if server is not None:
            server.stop()


def _lives(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _upload(port: int, table: Path, count: int) -> float:
    """Return the texts a second from the first byte to the answer, and remove the job."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=UPLOAD_SECONDS)
    started = time.perf_counter()
    with table.open("rb") as file:
        headers = {"Content-Type": "text/csv", "Content-Length": str(table.stat().st_size)}
        connection.request("POST", f"/v1/jobs?text_column={quote('评论')}", file, headers)
        answer = connection.getresponse()
        job = json.loads(answer.read())
    seconds = time.perf_counter() - started
    if answer.status != http.client.ACCEPTED or job["counts"]["queued"] != count:
        raise RuntimeError(f"Not every text was taken, so the figure would be wrong: {job}")
    connection.request("DELETE", f"/v1/jobs/{job['id']}")
    connection.getresponse().read()
    connection.close()
    return count / seconds


def _measure_memory_mb(api: psutil.Process) -> float:
    processes = [api, *api.children(recursive=True)]
    return sum(float(process.memory_info().rss) for process in processes) / 1e6
