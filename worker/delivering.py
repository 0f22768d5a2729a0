"""Delivers one event: claim, sign, POST, store the attempt and its outcome.

The row is the truth: whether a delivery is due, when it is tried again and when it is given up stands there, so that a
message which comes twice, late or for nothing does no harm.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from kombu.utils.functional import retry_over_time
from sqlalchemy.exc import OperationalError

from shared.clock import Clock
from shared.database import Database
from shared.errors import SentiqError
from shared.queries import deliveries, delivery_claims
from shared.queries.delivery_claims import Answer, ClaimedDelivery
from shared.queue import TaskQueue
from shared.request_ids import REQUEST_ID_HEADER, find_request_id
from shared.settings import Settings
from shared.signing import sign
from shared.states import DeliveryState, DisabledReason
from worker import measurements
from worker.endpoint_health import judge_endpoint
from worker.receivers import ReceiverGate
from worker.retries import plan_next_attempt
from worker.signing_secrets import find_secrets
from worker.webhook_sender import WebhookSender

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Courier:
    """Everything that a delivery needs; shared by the threads of one process."""

    settings: Settings
    database: Database
    queue: TaskQueue
    sender: WebhookSender
    clock: Clock
    progress_at: datetime  # the last message or stored attempt, for the watchdog
    draw: Callable[[], float] = random.random
    is_stopping: bool = False  # then nothing is begun any more; the row says that it is still due
    gate: ReceiverGate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = ReceiverGate(self.settings.courier_threads)

    def deliver(self, delivery_id: UUID) -> None:
        """Make one attempt at the delivery, if it is due, nobody else is at it and its receiver has a free place."""
        if self.is_stopping:
            return
        self.progress_at = now = self.clock.now()
        with self.database.reading() as session:
            receiver = deliveries.find_receiver(session, delivery_id, now)
        if receiver is None or not self.gate.enter(receiver):
            return
        seconds = None
        try:
            claimed = self._claim(delivery_id)
            if claimed is not None:
                seconds = self._attempt(claimed)
        finally:
            self.gate.leave(receiver, seconds)
            self._call_next(receiver)

    def _call_next(self, left: str) -> None:
        """Send messages for what found no place before, or is long due without a message, now that one is free."""
        now = self.clock.now()
        called: dict[str, Sequence[UUID]] = {}
        with self.database.reading() as session:
            if not self.gate.is_in_line(left):
                # Messages for this receiver are on their way, unless they were lost.
                overdue = now - timedelta(seconds=self.settings.nudge_grace_seconds)
                if deliveries.list_due_at(session, left, overdue, 1):
                    self.gate.line_up(left)
            while found := self.gate.find_next(left, {one: len(due) for one, due in called.items()}):
                receiver, room = found
                if due := deliveries.list_due_at(session, receiver, now, room):
                    called[receiver] = due
                else:
                    self.gate.strike_out(receiver)
        self.queue.nudge_deliveries([one for due in called.values() for one in due])

    def _claim(self, delivery_id: UUID) -> ClaimedDelivery | None:
        now = self.clock.now()
        # An attempt is over within its time-out; the rest is for looking the host up and for storing the outcome.
        lease = timedelta(seconds=self.settings.webhook_timeout_seconds + self.settings.lease_seconds)
        with self.database.writing() as session:
            return delivery_claims.claim_delivery(
                session, delivery_id, token=uuid4(), lease_expires_at=now + lease, now=now
            )

    def _attempt(self, claimed: ClaimedDelivery) -> float | None:
        """Send the event, store what came of it, and return how many seconds the receiver took; None: not sent."""
        with structlog.contextvars.bound_contextvars(**_list_ids(claimed)):
            started = time.perf_counter()
            answer = self._send(claimed)
            seconds = time.perf_counter() - started
            self._settle(claimed, answer, round(seconds * 1000))
        measurements.DELIVERY_SECONDS.observe(seconds)
        return seconds if answer.was_sent else None

    def _send(self, claimed: ClaimedDelivery) -> Answer:
        now = self.clock.now()
        try:
            secrets = find_secrets(self.settings, claimed, now)
        except SentiqError as err:
            return Answer(error=err.detail, was_sent=False)
        body = json.dumps(claimed.payload, ensure_ascii=False, separators=(",", ":"))
        headers = sign(secrets, str(claimed.id), now, body)
        if request_id := find_request_id():
            headers[REQUEST_ID_HEADER] = request_id
        return self.sender.send(claimed.url, headers, body.encode())

    def _settle(self, claimed: ClaimedDelivery, answer: Answer, duration_ms: int) -> None:
        """Store the outcome, trying again for as long as the lease lasts while the database is away."""
        outcome: Outcome = retry_over_time(  # type: ignore[no-untyped-call]
            self._store,
            OperationalError,
            args=(claimed, answer, duration_ms),
            interval_start=0.05,
            interval_step=0.2,
            interval_max=2,
            timeout=self.settings.lease_seconds,
        )
        self.progress_at = self.clock.now()
        measurements.DELIVERY_ATTEMPTS.labels(outcome.name).inc()
        log.info(
            "delivery_attempted",
            delivery_id=str(claimed.id),
            attempt=claimed.attempt,
            outcome=outcome.name,
            status=answer.status_code,
            duration_ms=duration_ms,
        )
        if outcome.disabled is not None:
            measurements.ENDPOINTS_DISABLED.labels(outcome.disabled).inc()
            log.warning("webhook_disabled", reason=outcome.disabled)

    def _store(self, claimed: ClaimedDelivery, answer: Answer, duration_ms: int) -> "Outcome":
        now = self.clock.now()
        following = plan_next_attempt(claimed.tries, answer, now, self.settings.webhook_retry_seconds, self.draw())
        if claimed.is_unwanted:
            following = None
        with self.database.writing() as session:
            state = delivery_claims.settle_attempt(
                session, claimed, answer, duration_ms=duration_ms, next_attempt_at=following, now=now
            )
            if state is None or claimed.endpoint is None or not answer.was_sent:
                return Outcome(state)
            patience = timedelta(days=self.settings.webhook_disable_after_days)
            return Outcome(state, judge_endpoint(session, claimed.endpoint, answer, patience, now))


def _list_ids(claimed: ClaimedDelivery) -> dict[str, str]:
    """Return the ids, other than the delivery's own, that what is logged about it should carry."""
    about = claimed.payload.get("data", {})
    ids = {"job_id": claimed.job_id, "endpoint_id": claimed.endpoint_id, "request_id": about.get("request_id")}
    return {name: str(value) for name, value in ids.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt has led to, for the log and the metrics."""

    state: DeliveryState | None  # None: the lease was lost
    disabled: DisabledReason | None = None  # why this attempt has disabled its endpoint

    @property
    def name(self) -> str:
        """Return the outcome in one word."""
        if self.state is None:
            return "lease_lost"
        return "retried" if self.state == DeliveryState.PENDING else self.state
