"""Delivers one event: claim, sign, POST, store the attempt and its outcome.

The row is the truth: whether a delivery is due, when it is tried again and when it is given up stands there, so that a
message which comes twice, late or for nothing does no harm.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from kombu.utils.functional import retry_over_time
from sqlalchemy.exc import OperationalError

from shared.clock import Clock
from shared.database import Database
from shared.queries import delivery_claims
from shared.queries.delivery_claims import Answer, ClaimedDelivery
from shared.request_ids import REQUEST_ID_HEADER, find_request_id
from shared.settings import Settings
from shared.signing import sign
from shared.states import DeliveryState
from worker import measurements
from worker.webhook_sender import WebhookSender

log = structlog.get_logger(__name__)

JITTER = 0.2  # a pause is up to a fifth longer, so that what failed together is not tried again together
NO_SECRET = "SENTIQ_WEBHOOK_SECRET is not set, so the event cannot be signed."  # noqa: S105  a message


@dataclass(slots=True)
class Courier:
    """Everything that a delivery needs; shared by the threads of one process."""

    settings: Settings
    database: Database
    sender: WebhookSender
    clock: Clock
    progress_at: datetime  # the last claim or stored attempt, for the watchdog
    draw: Callable[[], float] = random.random
    is_stopping: bool = False  # then nothing is begun any more; the row says that it is still due

    def deliver(self, delivery_id: UUID) -> None:
        """Make one attempt at the delivery, if it is due and nobody else is at it."""
        claimed = None if self.is_stopping else self._claim(delivery_id)
        if claimed is None:
            return
        with structlog.contextvars.bound_contextvars(**_list_ids(claimed)):
            started = time.perf_counter()
            answer = self._send(claimed)
            seconds = time.perf_counter() - started
            self._settle(claimed, answer, round(seconds * 1000))
        measurements.DELIVERY_SECONDS.observe(seconds)

    def _claim(self, delivery_id: UUID) -> ClaimedDelivery | None:
        now = self.clock.now()
        # An attempt is over within its time-out; the rest is for looking the host up and for storing the outcome.
        lease = timedelta(seconds=self.settings.webhook_timeout_seconds + self.settings.lease_seconds)
        with self.database.writing() as session:
            claimed = delivery_claims.claim_delivery(
                session, delivery_id, token=uuid4(), lease_expires_at=now + lease, now=now
            )
        self.progress_at = now
        return claimed

    def _send(self, claimed: ClaimedDelivery) -> Answer:
        secret = self.settings.webhook_secret
        if secret is None:
            return Answer(error=NO_SECRET)
        body = json.dumps(claimed.payload, ensure_ascii=False, separators=(",", ":"))
        headers = sign([secret.get_secret_value()], str(claimed.id), self.clock.now(), body)
        if request_id := find_request_id():
            headers[REQUEST_ID_HEADER] = request_id
        return self.sender.send(claimed.url, headers, body.encode())

    def _settle(self, claimed: ClaimedDelivery, answer: Answer, duration_ms: int) -> None:
        """Store the outcome, trying again for as long as the lease lasts while the database is away."""
        state: DeliveryState | None = retry_over_time(  # type: ignore[no-untyped-call]
            self._store,
            OperationalError,
            args=(claimed, answer, duration_ms),
            interval_start=0.05,
            interval_step=0.2,
            interval_max=2,
            timeout=self.settings.lease_seconds,
        )
        self.progress_at = self.clock.now()
        outcome = _name_outcome(state)
        measurements.DELIVERY_ATTEMPTS.labels(outcome).inc()
        log.info(
            "delivery_attempted",
            delivery_id=str(claimed.id),
            attempt=claimed.attempt,
            outcome=outcome,
            status=answer.status_code,
            duration_ms=duration_ms,
        )

    def _store(self, claimed: ClaimedDelivery, answer: Answer, duration_ms: int) -> DeliveryState | None:
        now = self.clock.now()
        following = plan_next_attempt(claimed.attempt, now, self.settings.webhook_retry_seconds, self.draw())
        with self.database.writing() as session:
            return delivery_claims.settle_attempt(
                session, claimed, answer, duration_ms=duration_ms, next_attempt_at=following, now=now
            )


def _list_ids(claimed: ClaimedDelivery) -> dict[str, str]:
    """Return the ids, other than the delivery's own, that what is logged about it should carry."""
    job = claimed.payload.get("data", {})
    ids = {"job_id": job.get("id"), "request_id": job.get("request_id")}
    return {name: value for name, value in ids.items() if value is not None}


def _name_outcome(state: DeliveryState | None) -> str:
    if state is None:
        return "lease_lost"
    return "retried" if state == DeliveryState.PENDING else state


def plan_next_attempt(attempt: int, now: datetime, pauses: Sequence[float], draw: float) -> datetime | None:
    """Return when to try again after the failed attempt number `attempt`, or None when that was the last. Pure.

    `draw`, from 0 to 1, says how much is added to the pause.
    """
    if attempt > len(pauses):
        return None
    return now + timedelta(seconds=pauses[attempt - 1] * (1 + JITTER * draw))
