"""The query on how many deliveries are due and how long the first of them has waited."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.models import Delivery
from shared.queries.deliveries import is_due


@dataclass(frozen=True, slots=True)
class DeliveryBacklog:
    """What couriers should be at by now."""

    due: int
    oldest_due_at: datetime | None


def measure_delivery_backlog(session: Session, now: datetime) -> DeliveryBacklog:
    """Return how many deliveries are due that no courier holds, and since when the first of them has been."""
    query = select(func.count(), func.min(Delivery.next_attempt_at)).where(is_due(now))
    due, oldest = session.execute(query).one()
    return DeliveryBacklog(due, oldest)
