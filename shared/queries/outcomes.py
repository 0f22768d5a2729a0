"""Where the outcome of a text stands: in its own row, or in that of the equal text before it which it is a copy of."""

from sqlalchemy import ColumnElement, and_, case

from shared.models import TEXTS

_FIRST = TEXTS.alias("first")
# A copy never copies a copy, so one step leads to the outcome.
TEXTS_WITH_OUTCOMES = TEXTS.outerjoin(
    _FIRST, and_(_FIRST.c.job_id == TEXTS.c.job_id, _FIRST.c.position == TEXTS.c.copy_of)
)


def get_outcome(column: str) -> ColumnElement[object]:
    """Return a text's column as its outcome has it, for statements that select from `TEXTS_WITH_OUTCOMES`."""
    own, first = TEXTS.c[column], _FIRST.c[column]
    return case((TEXTS.c.copy_of.is_(None), own), else_=first).label(column)
