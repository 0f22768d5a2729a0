"""Moments as callers give them: RFC 3339 with the offset, and nothing else that could be taken for a time."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_YEARS = range(1_000, 9_000)  # near the ends of the calendar a change of zone would leave it


def parse_moment(value: Any) -> datetime:
    """Return the moment, if this is a time of RFC 3339."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            moment = None  # a thirtieth of February, or a 25th hour
        if moment is not None and moment.year in _YEARS:
            return moment
    raise PydanticCustomError(
        "moment_format", "This must be a time of RFC 3339 with its offset, such as 2026-01-31T18:00:00+08:00."
    )


Moment = Annotated[datetime, BeforeValidator(parse_moment), Field(json_schema_extra={"format": "date-time"})]
