"""The lines that texts wait in: one for each model, lane and tenant, found by their heads however long they are.

A loose index scan: from the head of one line the index leads straight to the head of the next, so that the cost goes
with the number of lines and not with the texts in them.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session

from shared.models import IS_QUEUED, TEXTS

LineRow = Row[int, int, datetime]  # lane, tenant_id, queued_at of the first text in line


def list_lines(session: Session, model: str) -> Sequence[LineRow]:
    """Return the lines of one model that are not empty, by lane and then by tenant."""
    return session.connection().execute(_LINES, {"model": model}).all()


_HEAD = TEXTS.alias("head")
_PLACE = (TEXTS.c.lane, TEXTS.c.tenant_id, TEXTS.c.id)


def _find_first(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    query = select(TEXTS.c.id).where(IS_QUEUED, TEXTS.c.model == bindparam("model"), *conditions)
    return query.order_by(*_PLACE).limit(1).correlate(_HEAD).scalar_subquery()


# The next tenant of the same lane, or else the first of the next lane: two questions, since SQLite looks only at the
# first column when it compares two pairs by an index, and would read all of a line to find its end.
_NEXT = func.coalesce(
    _find_first(TEXTS.c.lane == _HEAD.c.lane, TEXTS.c.tenant_id > _HEAD.c.tenant_id),
    _find_first(TEXTS.c.lane > _HEAD.c.lane),
)
_HEADS = select(_find_first().label("id")).cte("heads", recursive=True)
# The join drops the null that follows the last head, and with it ends the recursion.
_HEADS = _HEADS.union_all(select(_NEXT).select_from(_HEADS.join(_HEAD, _HEAD.c.id == _HEADS.c.id)))
_LINES = (
    select(TEXTS.c.lane, TEXTS.c.tenant_id, TEXTS.c.queued_at)
    .select_from(_HEADS.join(TEXTS, TEXTS.c.id == _HEADS.c.id))
    .order_by(TEXTS.c.lane, TEXTS.c.tenant_id)
)
