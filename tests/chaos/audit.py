"""A witness inside the database: triggers that write down every outcome stored for a text that nobody was holding.

The product knows nothing of them; they see what a look at the end could not, such as a result written twice.
"""

from sqlalchemy import text

from shared.database import Database

_TABLE = "CREATE TABLE chaos_doubled (text_id BIGINT NOT NULL, was VARCHAR(16) NOT NULL, becomes VARCHAR(16) NOT NULL)"
_WHEN = "NEW.state IN ('succeeded', 'failed') AND OLD.state <> 'running'"
_INSERT = "INSERT INTO chaos_doubled VALUES (NEW.id, OLD.state, NEW.state);"
_SQLITE = (f"CREATE TRIGGER chaos_doubled AFTER UPDATE OF state ON texts WHEN {_WHEN} BEGIN {_INSERT} END",)
_POSTGRESQL = (
    f"CREATE FUNCTION chaos_doubled() RETURNS trigger AS $$ BEGIN {_INSERT} RETURN NEW; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER chaos_doubled AFTER UPDATE OF state ON texts "
    f"FOR EACH ROW WHEN ({_WHEN}) EXECUTE FUNCTION chaos_doubled()",
)


def install_audit(database: Database) -> None:
    """Put the witness into a migrated database."""
    own = _SQLITE if database.engine.dialect.name == "sqlite" else _POSTGRESQL
    with database.writing() as session:
        for statement in (_TABLE, *own):
            session.connection().exec_driver_sql(statement)


def count_doubled(database: Database) -> int:
    """Return how many outcomes were stored for texts that nobody was holding."""
    with database.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM chaos_doubled")) or 0)
