"""Says no early: texts that would overfill the queue are refused, with the time after which they would fit."""

from math import ceil

from sqlalchemy.orm import Session

from api.accounts import WAITING_TEXTS, Account
from api.core import Core
from api.request_errors import QuotaExceeded
from api.services.progress import measure_speeds
from shared.errors import QueueFull
from shared.queries import backlog
from shared.states import Lane

MAX_RETRY_SECONDS = 3_600
RETRY_WITHOUT_WORKERS_SECONDS = 60


def refuse_full_queue(session: Session, core: Core, new_texts: int) -> None:
    """Let `new_texts` more texts in, to about the limit: a long queue is not counted for every request.

    Raises:
        QueueFull: they would not fit into the queue.
    """
    limit = core.settings.max_queued_texts
    queued = core.lookout.count_queued(session)
    excess = queued + new_texts - limit
    if excess <= 0:
        core.lookout.note_admitted(new_texts)
        return
    seconds = plan_retry_seconds(excess, _measure_speed_of_all(session, core))
    raise QueueFull(
        f"{queued:,} texts are waiting already and at most {limit:,} may: "
        f"these {new_texts:,} would fit in about {seconds} seconds. Nothing of them was stored.",
        seconds,
    )


def refuse_more_waiting(session: Session, core: Core, account: Account, new_texts: int, model: str) -> None:
    """Let `new_texts` more texts in, whose tenant nobody else can add texts for until this transaction ends.

    Raises:
        QuotaExceeded: more of this tenant's texts would wait than its caller may have waiting.
    """
    quota = account.quotas.waiting_texts
    if not quota:
        return
    if new_texts > quota:
        raise QuotaExceeded(f"At most {quota:,} of your texts may wait, so {new_texts:,} at once are never taken.")
    tenant_id = account.identity.tenant_id
    queued = backlog.count_queued_of(session, tenant_id)
    excess = queued + new_texts - quota
    account.note(WAITING_TEXTS, max(0, quota - queued if excess > 0 else -excess))
    if excess <= 0:
        return
    # The texts that must go are claimed in turn with those of other tenants.
    ahead = backlog.count_ahead(backlog.Load(model, Lane.BULK, tenant_id, excess), core.lookout.look(session).loads)
    seconds = plan_retry_seconds(ahead, measure_speeds(session, core).get(model, 0.0))
    raise QuotaExceeded(
        f"{queued:,} of your texts are waiting already and at most {quota:,} may: "
        f"these {new_texts:,} would fit in about {seconds} seconds. Nothing of them was stored.",
        seconds,
    )


def _measure_speed_of_all(session: Session, core: Core) -> float:
    """Return how many texts a second leave the queue: those of every model that has some waiting."""
    speeds = measure_speeds(session, core)
    return sum(speeds.get(model, 0.0) for model in {load.model for load in core.lookout.look(session).loads})


def plan_retry_seconds(excess: int, texts_per_second: float) -> int:
    """Return after how long so many texts will have left the queue; a minute if no worker lives to tell."""
    if texts_per_second <= 0:
        return RETRY_WITHOUT_WORKERS_SECONDS
    return max(1, min(MAX_RETRY_SECONDS, ceil(excess / texts_per_second)))
