"""Many rows of texts into PostgreSQL at once, by COPY: an INSERT for each takes several times as long."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from psycopg import Connection, sql
from sqlalchemy.orm import Session

COPY_ROWS = 50  # below so many a plain INSERT is as fast


def copy_texts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, which all have the same columns, in the session's transaction."""
    driver = cast("Connection[Any]", session.connection().connection.driver_connection)
    names = list(rows[0])
    statement = sql.SQL("COPY texts ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, names)))
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([_CONVERT.get(name, _keep)(value) for name, value in row.items()])


def _keep(value: Any) -> Any:
    return value


def _dump(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


# Enumerations go as what they stand for.
_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "metadata": _dump,
    "lane": int,
    "state": str,
    "error_code": lambda code: None if code is None else str(code),
}
