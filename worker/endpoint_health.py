"""Disables an endpoint that wants nothing more, or that has failed for days."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from shared.queries import endpoints
from shared.queries.delivery_claims import Answer
from shared.states import DisabledReason


def judge_endpoint(
    session: Session, endpoint_id: UUID, answer: Answer, patience: timedelta, now: datetime
) -> DisabledReason | None:
    """Remember how an attempt at the endpoint went; return why that has disabled it, or None.

    Every failed delivery is tried again over days, so days of failing are never one unlucky attempt.
    """
    if answer.is_success:
        endpoints.note_success(session, endpoint_id)
        return None
    failing_since = endpoints.note_failure(session, endpoint_id, now)
    if answer.is_gone:
        reason = DisabledReason.GONE
    elif now - failing_since >= patience:
        reason = DisabledReason.FAILING
    else:
        return None
    return reason if endpoints.disable_endpoint(session, endpoint_id, reason, now) else None
