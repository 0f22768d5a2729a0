"""Disables an endpoint that wants nothing more, or that has failed for days."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shared.models import Endpoint
from shared.queries import endpoints
from shared.queries.delivery_claims import Answer
from shared.states import DisabledReason


def judge_endpoint(
    session: Session, endpoint: Endpoint, answer: Answer, patience: timedelta, now: datetime
) -> DisabledReason | None:
    """Remember how an attempt at the endpoint, as it was then, went; return why that has disabled it, or None.

    An endpoint that was moved or enabled meanwhile is not judged by what became of an attempt from before.

    Every failed delivery is tried again over days, so days of failing are never one unlucky attempt.
    """
    if answer.is_success:
        endpoints.note_success(session, endpoint)
        return None
    failing_since = endpoints.note_failure(session, endpoint, now)
    if failing_since is None:
        return None
    if answer.is_gone:
        reason = DisabledReason.GONE
    elif now - failing_since >= patience:
        reason = DisabledReason.FAILING
    else:
        return None
    return reason if endpoints.disable_endpoint(session, endpoint.id, reason, now) else None
