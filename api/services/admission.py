"""Says no early: texts that would overfill the queue are refused, with the time after which they would fit."""

from math import ceil

from sqlalchemy.orm import Session

from api.core import Core
from api.services.progress import measure_speeds
from shared.errors import QueueFull
from shared.queries import backlog

MAX_RETRY_SECONDS = 3_600
RETRY_WITHOUT_WORKERS_SECONDS = 60


def refuse_overload(session: Session, core: Core, new_texts: int, model: str) -> None:
    """Let `new_texts` more texts in.

    Raises:
        QueueFull: they would not fit.
    """
    limit = core.settings.max_queued_texts
    queued = backlog.count_queued(session)
    excess = queued + new_texts - limit
    if excess <= 0:
        return
    seconds = plan_retry_seconds(excess, measure_speeds(session, core).get(model, 0.0))
    raise QueueFull(
        f"{queued:,} texts are waiting already and at most {limit:,} may: "
        f"these {new_texts:,} would fit in about {seconds} seconds. Nothing of them was stored.",
        seconds,
    )


def plan_retry_seconds(excess: int, texts_per_second: float) -> int:
    """Return after how long so many texts will have left the queue; a minute if no worker lives to tell."""
    if texts_per_second <= 0:
        return RETRY_WITHOUT_WORKERS_SECONDS
    return max(1, min(MAX_RETRY_SECONDS, ceil(excess / texts_per_second)))
