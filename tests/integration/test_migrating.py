"""Migrations at the start of several processes at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from os import environ
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from embedded.migrating import find_newest_revision
from migrations.upgrade import upgrade
from shared.database import Database
from tests.service import ROOT

STARTERS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database in which nothing was ever migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    shared = Database(str(request.getfixturevalue("postgresql_url")))
    with shared.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty"))
        connection.execute(text("CREATE DATABASE empty"))
    url = shared.engine.url.set(database="empty").render_as_string(hide_password=False)
    shared.close()
    return url


def test_starters_that_migrate_at_once_all_succeed_and_one_of_them_has_done_it(empty_url: str, tmp_path: Path) -> None:
    own = {"SENTIQ_DATABASE_URL": empty_url, "SENTIQ_STATE_DIR": str(tmp_path)}

    started = [
        subprocess.Popen([sys.executable, "-m", "migrations.upgrade"], cwd=ROOT, env=environ | own)
        for _ in range(STARTERS)
    ]

    assert [process.wait(60) for process in started] == [0] * STARTERS
    database = Database(empty_url)
    with database.reading() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == [find_newest_revision()]
    database.close()


def test_a_second_migration_waits_for_the_first_to_end(database: Database, database_url: str) -> None:
    other, is_in = Database(database_url), Event()

    def migrate_too() -> None:
        upgrade(other)
        is_in.set()

    with ThreadPoolExecutor(1) as pool:
        with database.migrating():
            waiting = pool.submit(migrate_too)
            came_in_early = is_in.wait(0.5)
        waiting.result(20)

    assert (came_in_early, is_in.is_set()) == (False, True)
    other.close()


def test_a_migration_may_take_longer_than_any_other_statement(postgresql_url: str) -> None:
    database = Database(f"{postgresql_url}&options=-c%20statement_timeout%3D50ms")

    with database.migrating() as connection:
        connection.execute(text("SELECT pg_sleep(0.2)"))
    with pytest.raises(OperationalError, match="statement timeout"), database.reading() as session:
        session.execute(text("SELECT pg_sleep(5)"))

    database.close()
