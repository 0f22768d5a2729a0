"""Alembic's entry: runs the migrations on the engine it is given, or on the one the settings name."""

from alembic import context
from sqlalchemy import Connection

from shared.database import Database
from shared.models import Base
from shared.settings import load_settings


def run(connection: Connection) -> None:
    """Run every pending migration in one transaction."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with Database(load_settings().resolved_database_url).engine.begin() as opened:
        run(opened)
