"""A text is in the database and in the answers to its owner, and nowhere else: no log, no metric, no queue."""

from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis
from sqlalchemy.engine import make_url

from tests.factories import list_texts
from tests.faults.talkative_worker import CRASHES, FAILS
from tests.faults.test_api_faults import start_api
from tests.receivers import Receiver
from tests.service import Service, wait_until

pytestmark = pytest.mark.faults

JSON = {"Content-Type": "application/json"}
WEBHOOKS = {"webhook_secret": "whsec_" + b64encode(b"s" * 32).decode(), "webhook_allow_private": True}
# In both alphabets, since Chinese may be escaped on its way.
MARK = "绝密zxq7391"
SPOKEN = (b"zxq7391", "绝密".encode())
TALKATIVE_API = ("gunicorn", "-c", "api/gunicorn_conf.py", "tests.faults.talkative_api:app")
# As tests/faults/talkative_api.py has them; that module is an application, which only its server may import.
API_CRASHES, DATABASE_REFUSES = "接口出错", "数据库拒绝"


def dump_broker(service: Service) -> bytes:
    """Return every key and every value of the broker."""
    with service.broker.client() as client:
        return b"\n".join(part for key in client.scan_iter() for part in (bytes(key), read_value(client, key)))


def read_value(client: redis.Redis, key: bytes) -> bytes:
    kind = bytes(client.type(key))  # type: ignore[arg-type]
    reads: dict[bytes, Any] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key.decode(), 0, -1),
        b"set": lambda: client.smembers(key.decode()),
        b"hash": lambda: client.hgetall(key.decode()),
        b"zset": lambda: client.zrange(key.decode(), 0, -1),
    }
    return str(reads[kind]()).encode()


def read_database_log(service: Service) -> str:
    """Return what PostgreSQL has logged; SQLite logs nothing."""
    host = make_url(service.database_url).query.get("host")
    return "" if host is None else (Path(str(host)).parent / "database.log").read_text(encoding="utf-8")


def submit(client: httpx.Client, url: str, word: str = "") -> httpx.Response:
    text = {"text": f"{MARK}{word}很好", "id": MARK, "metadata": {MARK: MARK}}
    body = {"texts": [text], "metadata": {"name": MARK}, "webhook": {"url": url}}
    return client.post("/v1/jobs", json=body)


def test_a_text_is_in_no_log_no_metric_and_no_queue(service: Service) -> None:
    service.options = WEBHOOKS | {"log_level": "debug", "max_attempts": 2}
    with Receiver() as receiver, start_api(service, *TALKATIVE_API) as client:
        jobs = [UUID(submit(client, receiver.url, word).json()["id"]) for word in ("", FAILS, CRASHES)]
        broken = [submit(client, receiver.url, word).status_code for word in (API_CRASHES, DATABASE_REFUSES)]
        invalid = client.post("/v1/jobs", json={"texts": [MARK], MARK: MARK, "model": MARK, "deadline": MARK})
        doubled = client.post("/v1/jobs", content=f'{{"{MARK}": 1, "{MARK}": 2}}', headers=JSON)
        lost = client.get(f"/v1/jobs/{MARK}", params={"x": MARK})
        while_queued = dump_broker(service)
        service.start_worker("tests.faults.talkative_worker")
        service.start("courier", "worker.courier")
        service.start("sweeper", "worker.sweeper")
        for job_id in jobs:
            service.wait_for_state(job_id, "completed", seconds=90)
        wait_until(lambda: "delivery_attempted" in service.read_log("courier"), 30, "the attempt at a webhook")
        metrics = client.get("/metrics").content
        client.delete(f"/v1/jobs/{jobs[0]}")
    service.stop()

    assert [status >= 500 for status in broken] == [True, True]
    assert (invalid.status_code, doubled.status_code, lost.status_code) == (422, 400, 404)
    assert [row.error_code for job_id in jobs[1:] for row in list_texts(service.database, job_id)] == [
        "scoring_failed", "attempts_exhausted",
    ]  # fmt: skip
    logs = {name: service.read_log(name) for name in ("api", "worker", "courier", "sweeper")}
    logs["database"] = read_database_log(service)
    assert "request_crashed" in logs["api"]
    assert "RuntimeError" in logs["api"]
    assert "text_failed" in logs["worker"]
    assert "RuntimeError" in logs["worker"]
    assert ("violates not-null constraint" in logs["database"]) == service.database_url.startswith("postgresql")
    assert b"score." in while_queued
    seen = {name: log.encode() for name, log in logs.items()}
    seen |= {"queued": while_queued, "done": dump_broker(service), "metrics": metrics}
    seen["told"] = b"".join(request.body for request in receiver.requests)
    assert [(name, spoken) for name, place in seen.items() for spoken in SPOKEN if spoken in place] == []
