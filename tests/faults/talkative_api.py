"""An API that fails on two words in ways that a bug may: an exception, and a row that the database refuses."""

from typing import Any

from sqlalchemy import event

from api.wsgi import app, core
from shared.states import TextState

CRASHES, IS_REFUSED = "接口出错", "数据库拒绝"

__all__ = ["app"]


@event.listens_for(core.database.engine, "before_cursor_execute", retval=True)
def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
    """Break the insertion of marked texts, with the texts in the error."""
    told = str(parameters)
    if statement.startswith("INSERT INTO texts") and CRASHES in told:
        raise RuntimeError(f"cannot store {told}")
    if statement.startswith("INSERT INTO texts") and IS_REFUSED in told:
        return statement, _spoil(parameters)
    return statement, parameters


def _spoil(parameters: Any) -> Any:
    """Return the row without its state, which PostgreSQL refuses by quoting the whole row."""
    if isinstance(parameters, dict):
        return {name: None if value == TextState.QUEUED else value for name, value in parameters.items()}
    return tuple(None if value == TextState.QUEUED else value for value in parameters)
