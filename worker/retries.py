"""When a failed delivery is tried again: by the schedule of the settings, or later where the receiver asks for it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.queries.delivery_claims import Answer

JITTER = 0.2  # a pause is up to a fifth longer, so that what failed together is not tried again together
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0  # the longest pause of the usual schedule
_SECONDS = re.compile(r"[0-9]{1,9}")


def plan_next_attempt(
    tries: int, answer: Answer, now: datetime, pauses: Sequence[float], draw: float
) -> datetime | None:
    """Return when to try again after the failed attempt number `tries`, or None when that was the last. Pure.

    `draw`, from 0 to 1, says how much is added to the pause.
    """
    if tries > len(pauses) or answer.is_gone:
        return None
    pause = max(pauses[tries - 1], answer.retry_after_seconds or 0.0)
    return now + timedelta(seconds=pause * (1 + JITTER * draw))


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Return how many seconds a `Retry-After` header asks for, a day at most; None if it makes no sense.

    It is a number of seconds or a date (RFC 9110, section 10.2.3).
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": the zone is not known, and HTTP's dates are all in UTC
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
