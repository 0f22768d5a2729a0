"""Bring a database up to date: what `make migrate` and `make run` call."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from shared.database import Database
from shared.errors import SettingsError
from shared.settings import load_settings

CONFIG = Path(__file__).parent.parent / "alembic.ini"


def upgrade(database: Database) -> None:
    """Apply every pending migration in one transaction; do nothing when there is none.

    Any number of processes may call it at the same time: one migrates, the others wait and find it done.
    """
    config = Config(CONFIG)
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def main() -> None:
    """Upgrade the database that the settings name."""
    try:
        settings = load_settings()
    except SettingsError as err:
        sys.exit(err.detail)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.resolved_database_url)
    upgrade(database)
    database.close()


if __name__ == "__main__":
    main()
