"""Moments as callers give them: RFC 3339 with the offset, and nothing else that could be taken for a time."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_MAX_YEAR = 9_998  # so that it stays within the calendar in the zone of every database


def parse_moment(value: Any) -> datetime:
    """Return the moment in UTC, if this is a time of RFC 3339.

    Raises:
        PydanticCustomError: it is none, or none that a calendar of the years 1 to 9998 has.
    """
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise _say_malformed()
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except ValueError:  # a thirtieth of February, or a 25th hour
        raise _say_malformed() from None
    except OverflowError:
        raise _say_out_of_range() from None
    if moment.year > _MAX_YEAR:
        raise _say_out_of_range()
    return moment


def parse_optional_moment(value: Any) -> datetime | None:
    """Return the moment in UTC, or None for null."""
    return None if value is None else parse_moment(value)


def _say_malformed() -> PydanticCustomError:
    return PydanticCustomError(
        "moment_format", "This must be a time of RFC 3339 with its offset, such as 2026-01-31T18:00:00+08:00."
    )


def _say_out_of_range() -> PydanticCustomError:
    return PydanticCustomError("moment_out_of_range", f"This must be a time within the years 1 to {_MAX_YEAR}.")


Moment = Annotated[datetime, BeforeValidator(parse_moment), Field(json_schema_extra={"format": "date-time"})]
OptionalMoment = Annotated[datetime | None, BeforeValidator(parse_optional_moment)]
