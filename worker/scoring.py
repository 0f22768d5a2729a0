"""Scores what is waiting: claim, encode, plan, run, store. One `Scorer` lives in each worker child.

A ticket does not name its texts. It makes a child claim about a second of work at a time until nothing waits; between
two micro-batches of bulk work the child looks for interactive texts, which therefore wait for one micro-batch at most.
"""

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
from shared.queries import backlog, claims
from shared.queries.claims import ClaimedText, Outcome
from shared.queries.jobs import Finished
from shared.queries.turns import ClaimLimits, Turns
from shared.queue import TaskQueue
from shared.request_ids import list_ids
from shared.settings import Settings
from shared.states import Lane
from worker import measurements
from worker.batching import MAX_PADDING_TOKENS, TokenBudget, plan_micro_batches
from worker.classifiers import Classifier
from worker.measurements import Pulse
from worker.predictions import PendingText
from worker.running import Item, encode_texts, run_micro_batch

log = structlog.get_logger(__name__)

MAX_CLAIMED_TEXTS = 512
# After this long a child lets its ticket go and takes another, so that Celery can stop or replace it between two.
TICKET_SECONDS = 2.0
# Results are stored this often: each commit costs milliseconds, each result not yet stored is work to be lost.
STORE_SECONDS = 0.25


@dataclass(slots=True)
class Claim:
    """Texts of one lane, held under one token until the lease runs out."""

    token: UUID
    texts: list[ClaimedText]
    lease_expires_at: datetime

    @property
    def is_bulk(self) -> bool:
        """Whether interactive texts may go first."""
        return self.texts[0].lane == Lane.BULK

    def list_ids(self) -> dict[str, list[str]]:
        """Return the ids that all that is logged about this claim should carry, so that one id finds a text's path."""
        return {
            "request_ids": list_ids(text.request_id for text in self.texts),
            "job_ids": list_ids(str(text.job_id) for text in self.texts),
        }


@dataclass(slots=True)
class Scorer:
    """Everything a child needs to score; built once per process, after the fork."""

    settings: Settings
    database: Database
    queue: TaskQueue
    classifier: Classifier
    clock: Clock
    budget: TokenBudget
    pulse: Pulse
    is_stopping: Callable[[], bool] = lambda: False
    turns: Turns = field(default_factory=Turns)

    @property
    def model(self) -> str:
        """Return the name of the one model this process serves."""
        return self.settings.model_name

    def drain(self) -> None:
        """Score until nothing waits, or hand the ticket on after two seconds, or at once when asked to stop."""
        stop_at = time.monotonic() + TICKET_SECONDS
        while not self.is_stopping() and (claim := self._claim()):
            self._score(claim)
            if time.monotonic() >= stop_at:
                self.queue.nudge(self.model, texts=1)
                return

    def _claim(self, last_lane: Lane = Lane.BULK) -> Claim | None:
        now = self.clock.now()
        limits = ClaimLimits(
            model=self.model,
            token=uuid4(),
            lease_expires_at=now + timedelta(seconds=self.settings.lease_seconds),
            max_texts=MAX_CLAIMED_TEXTS,
            # In Chinese a character is a token, so characters stand in for tokens that are not counted yet.
            max_chars=self.budget.tokens * self.settings.claim_batches,
            sharers=self.settings.workers,
            turns=self.turns,
        )
        with self.database.writing() as session:
            claimed = claims.claim_texts(session, limits, now, last_lane)
        if not claimed.texts:
            return None
        self.queue.nudge_deliveries(claimed.delivery_ids)
        self.pulse.progress_at = now
        measurements.count_claim(self.model, claimed.texts, now)
        return Claim(limits.token, claimed.texts, limits.lease_expires_at)

    def _score(self, claim: Claim) -> None:
        with structlog.contextvars.bound_contextvars(**claim.list_ids()):
            self._score_bound(claim)

    def _score_bound(self, claim: Claim) -> None:
        started = stored = time.perf_counter()
        pending = [PendingText(text) for text in claim.texts]
        encode_texts(self.classifier, pending)
        done = [text for text in pending if text.is_done]
        items = [(text, window) for text in pending if not text.is_done for window in text.windows]
        lengths = [len(window.ids) for _, window in items]
        for indices in plan_micro_batches(lengths, self.budget.tokens, MAX_PADDING_TOKENS):
            if self.is_stopping():
                break
            if claim.is_bulk:
                self._let_interactive_pass()
            if not self._keep(claim):
                return
            batch = [items[index] for index in indices]
            run_micro_batch(self.classifier, batch, self.model, self.budget)
            done += _list_done(batch)
            if time.perf_counter() - stored >= STORE_SECONDS:
                self._settle(claim, done)
                done, stored = [], time.perf_counter()
        self._settle(claim, done)
        if self.is_stopping():
            self._hand_back(claim)
        seconds = time.perf_counter() - started
        self.pulse.observe_speed(len(claim.texts), seconds)
        log.info("claim_scored", texts=len(claim.texts), duration_ms=round(seconds * 1000, 1))

    def _let_interactive_pass(self) -> None:
        """Score one claim of interactive texts, if any wait; not more, or the bulk claim's lease could run out."""
        with self.database.reading() as session:  # most often there is none, and a look is cheaper than a claim
            waiting = backlog.is_waiting(session, self.model, Lane.INTERACTIVE)
        if waiting and (claim := self._claim(Lane.INTERACTIVE)):
            self._score(claim)

    def _keep(self, claim: Claim) -> bool:
        """Renew the lease when half of it is gone; return whether anything is still held."""
        now = self.clock.now()
        lease = timedelta(seconds=self.settings.lease_seconds)
        if claim.lease_expires_at - now > lease / 2:
            return True
        claim.lease_expires_at = now + lease
        with self.database.writing() as session:
            held = claims.renew_lease(session, claim.token, [text.id for text in claim.texts], claim.lease_expires_at)
        if not held:
            log.warning("lease_lost", texts=len(claim.texts))
        return held > 0

    def _hand_back(self, claim: Claim) -> None:
        """Return what has no outcome to the queue, and wake another worker for it."""
        with self.database.writing() as session:
            handed_back = claims.hand_back(
                session,
                claim.token,
                [text.id for text in claim.texts],
                now=self.clock.now(),
                max_attempts=self.settings.max_attempts,
            )
        if handed_back.texts:
            log.info("texts_handed_back", texts=handed_back.texts)
            self.queue.announce_finished(handed_back.finished)
            self.queue.nudge(self.model, handed_back.texts)

    def _settle(self, claim: Claim, done: Sequence[PendingText]) -> None:
        """Store outcomes, trying again for as long as the lease lasts while the database is away."""
        if not done:
            return
        version = f"{self.model}@{self.classifier.revision}"
        outcomes = [text.conclude(self.classifier.labels, version) for text in done]
        finished: Finished = retry_over_time(  # type: ignore[no-untyped-call]
            self._store,
            OperationalError,
            args=(claim.token, outcomes),
            interval_start=0.05,
            interval_step=0.2,
            interval_max=2,
            timeout=self.settings.lease_seconds,
        )
        self.pulse.progress_at = self.clock.now()
        self.pulse.batch_tokens = self.budget.tokens
        self.queue.announce_finished(finished)
        measurements.count_outcomes(self.model, outcomes)

    def _store(self, token: UUID, outcomes: Sequence[Outcome]) -> Finished:
        with self.database.writing() as session:
            return claims.settle_texts(session, token, outcomes, self.clock.now())


def _list_done(batch: Sequence[Item]) -> list[PendingText]:
    """Return the texts of a micro-batch that have their outcome, each once."""
    return list({id(text): text for text, _ in batch if text.is_done}.values())
