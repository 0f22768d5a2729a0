"""Both databases behind the one door."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.database import Database
from shared.queries import jobs
from shared.states import Lane
from shared.tenants import Tenant

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))

    with database.writing() as session:
        job_id = jobs.insert_job(session, model="m", lane=Lane.BULK, metadata=None, total=1, now=shanghai)
    with database.reading() as session:
        created_at = jobs.get_job(session, Tenant.LOCAL, job_id).created_at

    assert created_at == NOW
    assert created_at.tzinfo is UTC


def test_an_error_inside_a_transaction_leaves_nothing_behind(database: Database) -> None:
    def insert_then_fail() -> None:
        with database.writing() as session:
            jobs.insert_job(session, model="m", lane=Lane.BULK, metadata=None, total=1, now=NOW)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        insert_then_fail()

    with database.reading() as session:
        assert jobs.list_jobs(session, Tenant.LOCAL, limit=10, before=None) == []
