"""The deadline as callers give it: a moment, so that a request sent again later still means the same."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_MAX_YEAR = 9_000  # near the year 9999 a change of zone would leave the calendar


def check_deadline(value: Any) -> datetime | None:
    """Return the moment, if this is a time of RFC 3339 or null."""
    if value is None:
        return None
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            moment = None  # a thirtieth of February, or a 25th hour
        if moment is not None and 1_000 <= moment.year <= _MAX_YEAR:
            return moment
    raise PydanticCustomError(
        "deadline_format", "A deadline is a time of RFC 3339 with its offset, such as 2026-01-31T18:00:00+08:00."
    )


Deadline = Annotated[
    datetime | None,
    BeforeValidator(check_deadline),
    Field(
        description="Texts that no worker has begun by then are cancelled and the job becomes `expired`; a time of "
        "RFC 3339 with its offset, in the future."
    ),
]
