"""The one door to the database: short reading and writing transactions on SQLite or PostgreSQL.

SQLite writers begin with `BEGIN IMMEDIATE`, so that two of them queue up instead of failing half-way.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.orm import Session

SQLITE_BUSY_SECONDS = 15
WRITES = "sentiq_writes"
MIGRATING = 7_368_428  # the advisory lock's number; any will do that nobody else on this database uses
MAX_OVERFLOW = 5
POOL_TIMEOUT_SECONDS = 10  # for a free connection; a caller is better told than kept
RECYCLE_SECONDS = 1_800  # below the hour after which many firewalls forget a quiet connection
# What libpq is told unless the address says otherwise. Without these a process may wait for ever on a database whose
# machine is gone: a dead peer is noticed within 30 s, and no statement of ours takes that long.
POSTGRESQL_DEFAULTS: dict[str, Any] = {
    "application_name": "sentiq",
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": "-c statement_timeout=30s -c lock_timeout=15s -c idle_in_transaction_session_timeout=60s",
}


class Database:
    """Opens sessions; every session is one transaction."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        """Connect lazily to `url`, keeping up to `pool_size` connections."""
        self.engine = _create_engine(url, pool_size)
        self._writer = self.engine.execution_options(**{WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session whose changes are thrown away."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that commits at the end, or rolls back on any error."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Yield a connection in one transaction of any length, which no other migration can enter meanwhile."""
        with self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                # For this transaction only. Who comes second waits here, and then finds nothing left to do.
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
            yield connection

    def ping(self) -> None:
        """Raise `sqlalchemy.exc.SQLAlchemyError` unless the database answers."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _create_engine(url: str, pool_size: int) -> Engine:
    address = make_url(url)
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": MAX_OVERFLOW,
        "pool_timeout": POOL_TIMEOUT_SECONDS,
        "json_serializer": json.JSONEncoder(ensure_ascii=False).encode,  # made once: a file has a million of them
        "hide_parameters": True,  # or an error's message would hold the texts of its statement
    }
    if address.get_backend_name() != "sqlite":
        # Asked before each use, so that connections of a database that was restarted are replaced unseen.
        options |= {"pool_pre_ping": True, "pool_recycle": RECYCLE_SECONDS}
        return create_engine(address, connect_args=_complete(address), **options)
    engine = create_engine(address, connect_args={"timeout": SQLITE_BUSY_SECONDS}, **options)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _complete(address: URL) -> dict[str, Any]:
    """Return what the address leaves open."""
    return {name: value for name, value in POSTGRESQL_DEFAULTS.items() if name not in address.query}


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late for IMMEDIATE, so it is switched off and `_begin` takes over.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL, not NORMAL: a job that was answered with 202 must survive a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
