"""Stores texts as one job and tells the workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from api.accounts import Account, spending_texts
from api.core import Core
from api.request_errors import DeadlinePassed
from api.services.admission import refuse_full_queue, refuse_more_waiting
from api.services.catalogue import choose_model
from api.services.copies import mark_copies
from api.services.following import wait_until_finished
from api.services.idempotency import KeyedRequest, store_key
from api.services.neutral_band import NeutralBand, choose_neutral_threshold
from api.services.webhooks import Webhook, refuse_webhook
from shared.queries import jobs, texts
from shared.queries.texts import NewText
from shared.request_ids import find_request_id
from shared.states import Lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a caller wants scored."""

    texts: Sequence[NewText]
    model: str | None = None  # None: the default
    metadata: Mapping[str, Any] | None = None
    lane: Lane = Lane.BULK
    webhook: Webhook | None = None
    neutral_band: NeutralBand = None
    deadline_at: datetime | None = None
    expires_after: int | None = None  # seconds from its end
    keyed: KeyedRequest | None = None  # None: every request makes a job of its own
    account: Account = field(default_factory=Account)
    job_id: UUID = field(default_factory=jobs.create_job_id)

    @property
    def tenant_id(self) -> int:
        """Return whose job it is."""
        return self.account.identity.tenant_id


def submit_job(core: Core, submission: Submission, wait_seconds: float = 0) -> None:
    """Store the texts as one queued job, then tell the workers; `wait_seconds` is how long the caller will wait.

    Raises:
        DeadlinePassed: its deadline lies in the past.
        KeyTaken: another request under its key was faster.
        ModelUnknown: nobody ever served the model.
        NeutralBandUnavailable: the model has no such band.
        QueueFull: the texts would not fit into the queue.
        QuotaExceeded: they are more than the caller's quotas have left.
        WebhooksNotConfigured, WebhookURLRefused: its webhook could never be sent.
    """
    total = len(submission.texts)
    # Before there is a transaction that others might have to wait for.
    with core.database.reading() as session:
        refuse_full_queue(session, core, total)
    with spending_texts(core, submission.account, total) as spend, core.database.writing() as session:
        terms = settle_terms(session, core, submission)
        refuse_more_waiting(session, core, submission.account, total, terms.model)
        store_job(session, submission, terms)
        if submission.keyed is not None:
            store_key(session, core, submission.keyed, submission.job_id, wait_seconds)
        spend()  # once the key is held, so that of many requests under one key only one uses the quota
        _store_texts(session, submission, terms)
    # Sent after the commit, so that the worker always finds the rows.
    core.queue.nudge(terms.model, total)
    lane = submission.lane.name.lower()
    log.info("job_submitted", job_id=str(submission.job_id), texts=total, model=terms.model, lane=lane)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is settled when a job is accepted, and holds for all its texts."""

    model: str
    neutral_threshold: float | None
    now: datetime


def settle_terms(session: Session, core: Core, submission: Submission) -> Terms:
    """Return the terms on which a job is accepted.

    Raises:
        DeadlinePassed: its deadline lies in the past.
        ModelUnknown: nobody ever served the model.
        NeutralBandUnavailable: the model has no such band.
        WebhooksNotConfigured, WebhookURLRefused: its webhook could never be sent.
    """
    now = core.clock.now()
    if submission.deadline_at is not None and submission.deadline_at <= now:
        raise DeadlinePassed
    if submission.webhook is not None:
        refuse_webhook(core.settings, submission.webhook)
    model = choose_model(session, core.settings, submission.model)
    return Terms(model, choose_neutral_threshold(session, model, submission.neutral_band), now)


def store_job(
    session: Session,
    submission: Submission,
    terms: Terms,
    *,
    receiving_until: datetime | None = None,
    upload_token: UUID | None = None,
) -> None:
    """Insert the job; one that receives more texts does so under the token."""
    jobs.insert_job(
        session,
        job_id=submission.job_id,
        model=terms.model,
        lane=submission.lane,
        metadata=None if submission.metadata is None else dict(submission.metadata),
        total=len(submission.texts),
        now=terms.now,
        webhook=None if submission.webhook is None else submission.webhook.to_column(),
        neutral_threshold=terms.neutral_threshold,
        deadline_at=submission.deadline_at,
        expires_after=submission.expires_after,
        tenant_id=submission.tenant_id,
        request_id=find_request_id(),
        receiving_until=receiving_until,
        upload_token=upload_token,
    )


def _store_texts(session: Session, submission: Submission, terms: Terms) -> None:
    texts.insert_texts(
        session,
        submission.job_id,
        mark_copies(submission.texts),
        model=terms.model,
        lane=submission.lane,
        now=terms.now,
        neutral_threshold=terms.neutral_threshold,
        deadline_at=submission.deadline_at,
        tenant_id=submission.tenant_id,
    )


def submit_and_wait(core: Core, submission: Submission, seconds: float) -> None:
    """Submit, then return when the job has finished or `seconds` have passed, or at once if nobody can be woken.

    Raises:
        DeadlinePassed: its deadline lies in the past.
        KeyTaken: another request under its key was faster.
        ModelUnknown: nobody ever served the model.
        NeutralBandUnavailable: the model has no such band.
        QueueFull: the texts would not fit into the queue.
        QuotaExceeded: they are more than the caller's quotas have left.
        WebhooksNotConfigured, WebhookURLRefused: its webhook could never be sent.
    """
    # The seat is taken before the job exists, so that not even the fastest worker's announcement is missed.
    seat = core.room.take_seat(submission.job_id) if seconds > 0 else None
    if seat is None:
        submit_job(core, submission, seconds)
        return
    with seat:
        submit_job(core, submission, seconds)
        wait_until_finished(core, submission.tenant_id, submission.job_id, seat, seconds)
