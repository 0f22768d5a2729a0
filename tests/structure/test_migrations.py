"""The migrations make exactly the tables that the models describe, and the last of them can be taken back."""

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from migrations.upgrade import CONFIG
from shared.database import Database
from shared.models import Base, DeliveryAttempt
from tests.factories import finish_job, submit
from tests.fakes import FakeClock


def find_differences(connection: Connection) -> list[Any]:
    """Return in what the tables differ from the models."""
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def test_the_migrated_database_equals_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        assert find_differences(connection) == []


def test_attempts_survive_the_step_that_makes_their_deliveries_anew(database: Database) -> None:
    delivery_id = finish_job(database, FakeClock().now())
    with database.writing() as session:
        session.add(DeliveryAttempt(delivery_id=delivery_id, number=1, started_at=FakeClock().now(), status_code=500))
    config = Config(CONFIG)

    with database.engine.connect() as connection, connection.begin() as transaction:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007-1")
        command.upgrade(config, "head")
        kept = connection.exec_driver_sql("SELECT id, number, status_code FROM delivery_attempts").all()
        urls = connection.exec_driver_sql("SELECT url FROM deliveries").all()
        transaction.rollback()  # the schema is shared by the tests on PostgreSQL

    assert [(number, status) for _, number, status in kept] == [(1, 500)]
    assert len(urls) == 1


def test_the_last_step_can_be_taken_back_and_again_under_stored_texts(database: Database) -> None:
    submit(database, ["好", "差"], FakeClock().now())
    config = Config(CONFIG)

    with database.engine.connect() as connection, connection.begin() as transaction:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        taken_back = find_differences(connection)
        command.upgrade(config, "head")
        again = find_differences(connection)
        texts = connection.exec_driver_sql("SELECT count(*) FROM texts").scalar_one()
        transaction.rollback()  # the schema is shared by the tests on PostgreSQL

    assert (taken_back != [], again, texts) == (True, [], 2)
