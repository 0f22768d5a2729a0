"""Bringing the database up to date without loading what is slow, when that is not needed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from embedded.errors import LaunchError
from embedded.migrating import find_newest_revision, is_up_to_date, migrate
from embedded.state_folder import StateFolder
from migrations.upgrade import CONFIG


@pytest.fixture
def database_url(state: StateFolder) -> str:
    return f"sqlite:///{state.path / 'sentiq.db'}"


def test_the_newest_file_is_the_head_of_the_migrations() -> None:
    assert find_newest_revision() == ScriptDirectory.from_config(Config(CONFIG)).get_current_head()


def test_a_migrated_file_is_up_to_date(state: StateFolder, database_url: str) -> None:
    before = is_up_to_date(database_url)

    migrate(state, {"SENTIQ_DATABASE_URL": database_url})

    assert (before, is_up_to_date(database_url)) == (False, True)


def test_a_file_of_an_older_release_is_not_up_to_date(state: StateFolder, database_url: str) -> None:
    with closing(sqlite3.connect(state.path / "sentiq.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('0000')")
        connection.commit()

    assert not is_up_to_date(database_url)


def test_a_database_server_is_always_asked_properly() -> None:
    assert not is_up_to_date("postgresql+psycopg://nobody@127.0.0.1:1/sentiq")


def test_a_file_that_is_no_database_is_one_kind_line(state: StateFolder, database_url: str) -> None:
    (state.path / "sentiq.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(LaunchError, match="file is not a database") as caught:
        migrate(state, {"SENTIQ_DATABASE_URL": database_url})

    assert not is_up_to_date(database_url)
    assert "\n" not in caught.value.detail
    assert (state.logs / "migrations.log").exists()


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert not is_up_to_date(f"sqlite:///{tmp_path / 'absent.db'}")
    assert list(tmp_path.iterdir()) == []
