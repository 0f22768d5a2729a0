"""Many texts of one job into the table at once, past SQLAlchemy, which takes longer over a row than either database.

PostgreSQL gets them by COPY, SQLite by one statement that its driver runs for each row.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from shared.models import TEXTS

BULK_ROWS = 50  # below so many a plain INSERT is as fast
_COPY = "COPY texts FROM STDIN"
# In these the rows of one job differ, as far as they must be converted for the driver; all others are converted once.
_VARYING = frozenset({"metadata", "state", "finished_at", "error_code"})
_ENCODER = json.JSONEncoder(ensure_ascii=False)

Convert = Callable[[Any], Any]


def store_many(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows of one job, which all have the same columns, in the session's transaction.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses them, or is away.
    """
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, rows)
    else:
        # Put together of the names of our own columns alone; the values are parameters.
        names = list(rows[0])
        statement = f"INSERT INTO texts ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # nosec B608
        values = [tuple(row) for row in _convert(rows, _list_sqlite_converters(session))]
        session.connection().exec_driver_sql(statement, values)


def _copy(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    driver = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    names = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    try:
        with driver.cursor() as cursor, cursor.copy(sql.SQL("COPY texts ({}) FROM STDIN").format(names)) as copy:
            for row in _convert(rows, _CONVERTERS):
                copy.write_row(row)
    except psycopg.Error as err:
        raise _translate(err) from err


def _translate(error: psycopg.Error) -> DBAPIError:
    """Return the error as SQLAlchemy has it, which does not see what its driver is asked directly."""
    kinds = {psycopg.OperationalError: OperationalError, psycopg.IntegrityError: IntegrityError}
    kind = next((ours for theirs, ours in kinds.items() if isinstance(error, theirs)), DBAPIError)
    return kind(_COPY, None, error, hide_parameters=True)


def _convert(rows: Sequence[Mapping[str, Any]], converters: Mapping[str, Convert]) -> Iterator[list[Any]]:
    places = [(place, name) for place, name in enumerate(rows[0]) if name in converters]
    shared = [(place, converters[name](rows[0][name])) for place, name in places if name not in _VARYING]
    varying = [(place, converters[name]) for place, name in places if name in _VARYING]
    for row in rows:
        values = list(row.values())
        for place, value in shared:
            values[place] = value
        for place, convert in varying:
            values[place] = convert(values[place])
        yield values


def _dump(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else _ENCODER.encode(value)


# Enumerations go as what they stand for.
_CONVERTERS: Mapping[str, Convert] = {
    "metadata": _dump,
    "lane": int,
    "state": str,
    "error_code": lambda code: None if code is None else str(code),
}


def _list_sqlite_converters(session: Session) -> Mapping[str, Convert]:
    """Return how values are stored that SQLite's driver does not know: as SQLAlchemy stores them."""
    dialect = session.get_bind().dialect
    found = {column.name: column.type.dialect_impl(dialect).bind_processor(dialect) for column in TEXTS.c}
    return {name: convert for name, convert in found.items() if convert is not None} | dict(_CONVERTERS)
