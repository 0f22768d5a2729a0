"""Both databases behind the one door."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import shared.database
from shared.database import Database
from shared.queries import jobs
from shared.states import Lane
from shared.tenants import Tenant

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TIME_LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": "1min",
}


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


def test_a_postgresql_session_never_waits_for_ever(postgresql_url: str) -> None:
    database = Database(postgresql_url)

    with database.reading() as session:
        found = [session.scalar(text(f"SHOW {name}")) for name in TIME_LIMITS]

    assert found == list(TIME_LIMITS.values())
    database.close()


def test_what_the_address_says_wins_over_the_defaults(postgresql_url: str) -> None:
    database = Database(f"{postgresql_url}&application_name=mine&options=-c%20statement_timeout%3D7s")

    with database.reading() as session:
        found = [session.scalar(text(f"SHOW {name}")) for name in ("application_name", "statement_timeout")]

    assert found == ["mine", "7s"]
    database.close()


def test_connections_that_the_server_has_cut_are_replaced_unseen(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool_size=3)
    with database.reading() as first, database.reading() as second:
        pids = [session.scalar(text("SELECT pg_backend_pid()")) for session in (first, second)]
    other = Database(postgresql_url)
    with other.reading() as session:
        for pid in pids:
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    for _ in pids:
        database.ping()

    other.close()
    database.close()


def test_a_pool_that_is_used_up_says_so_in_bounded_time(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.database, "POOL_TIMEOUT_SECONDS", 0.2)
    database = Database(database_url, pool_size=1)

    with ExitStack() as held:
        for _ in range(1 + shared.database.MAX_OVERFLOW):
            held.enter_context(database.reading()).execute(text("SELECT 1"))
        with pytest.raises(SQLAlchemyError, match="QueuePool limit"):
            database.ping()

    database.ping()
    database.close()
