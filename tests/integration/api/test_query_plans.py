"""No statement of a service at work reads through all jobs, texts or deliveries: what is done is never looked at.

A statement that does is quick in every other test, and slower each day in production.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from api.core import Core
from shared.clock import SystemClock
from shared.models import Base
from shared.queries import deliveries, delivery_claims, jobs
from shared.queue import CeleryTaskQueue
from shared.states import Lane
from tests.factories import finish_job, submit
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker
from worker.sweeper import Sweeper

GROWING = ("jobs", "texts", "deliveries", "delivery_attempts", "idempotency_keys")
# An index of few rows, such as those of texts that wait, may be read as a whole.
PARTIAL = {
    index.name
    for table in Base.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}


def find_scans(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    """Yield the steps of a statement that read a growing table from its first row to its last."""
    cursor = connection.connection.cursor()
    for *_, step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
        match step.split():
            case ["SCAN", table, *how] if table in GROWING and not PARTIAL.intersection(how):
                yield step
    cursor.close()


@pytest.fixture
def scans(core: Core) -> Iterator[dict[str, list[str]]]:
    """Collect the statements that scan, each with its steps, of whatever runs on SQLite in this process."""
    found: dict[str, list[str]] = {}
    seen = set[str]()

    def look(
        connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        if statement in seen or statement.startswith(("BEGIN", "PRAGMA", "EXPLAIN")):
            return
        seen.add(statement)
        if steps := list(find_scans(connection, statement, parameters[0] if many else parameters)):
            found[statement] = steps

    event.listen(Engine, "before_cursor_execute", look)
    yield found
    event.remove(Engine, "before_cursor_execute", look)
    assert len(seen) > 40, "hardly anything was looked at"


def sweep(core: Core, seconds: float) -> None:
    """Do all repairs as if it were so much later."""
    clock = FakeClock(SystemClock().now())
    clock.move(seconds)
    sweeper = Sweeper(core.settings, core.database, CeleryTaskQueue(core.settings), clock)
    for _ in range(3):
        sweeper.sweep()


def call_everything(client: FlaskClient, job: str) -> None:
    """Read the job, and all that there are, in every way that the API has."""
    for path in (
        "/v1/jobs", "/v1/jobs?state=running&limit=1", "/v1/models", "/metrics", "/health/ready", f"/v1/jobs/{job}",
        f"/v1/jobs/{job}/results?limit=1", f"/v1/jobs/{job}/results?state=failed", f"/v1/jobs/{job}/deliveries",
        f"/v1/jobs/{job}/results?format=csv", f"/v1/jobs/{job}/results?format=ndjson&state=failed&after=1",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path


def abandon_upload(core: Core, client: FlaskClient, now: datetime) -> None:
    """Upload a file with equal texts, and leave another job open that nobody goes on with."""
    uploaded = client.post("/v1/jobs?text_column=a", data="a\n好\n差\n好\n", content_type="text/csv")
    assert uploaded.status_code == 202
    with core.database.writing() as session:
        jobs.insert_job(
            session, model=core.settings.model_name, lane=Lane.BULK, metadata=None, total=0, now=now,
            receiving_until=now, upload_token=uuid4(),
        )  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_that_is_done_is_looked_at(
    client: FlaskClient, core: Core, rule_worker: RuleWorker, scans: dict[str, list[str]]
) -> None:
    rule_worker.beat()
    body = {"texts": ["好", "很好", "差"], "metadata": {"a": "b"}}
    made = [client.post("/v1/jobs", json=body, headers={"Idempotency-Key": f"k{n}"}).get_json() for n in range(3)]
    rule_worker.score_once(4)
    call_everything(client, made[0]["id"])
    assert client.post(f"/v1/jobs/{made[1]['id']}/cancel").status_code == 200
    rule_worker.claim()  # and dies
    sweep(core, 120)
    assert client.delete(f"/v1/jobs/{made[2]['id']}").status_code == 204

    now = SystemClock().now()
    abandon_upload(core, client, now)
    delivery = finish_job(core.database, now)
    with core.database.writing() as session:
        assert deliveries.find_receiver(session, delivery, now)
        lease = now + timedelta(seconds=30)
        assert delivery_claims.claim_delivery(session, delivery, token=uuid4(), lease_expires_at=lease, now=now)
    submit(core.database, ["好"], now, deadline_at=now + timedelta(seconds=1))
    sweep(core, 120)
    sweep(core, 400 * 86_400)

    assert scans == {}
