"""Makes a submission safe to send again: one key of a tenant, one job.

The key is stored in the transaction that stores the job, so that there is never one without the other, and the
database settles which of many requests at once makes the job; the others find it and answer with it.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.core import Core
from api.request_errors import IdempotencyKeyInUse, IdempotencyKeyReused
from shared.queries import idempotency

# Beyond the wait itself: until the answer is noted under the key, or the process must have died.
ANSWER_GRACE_SECONDS = 5.0


class KeyTaken(Exception):
    """Another request has stored a job under this key meanwhile; the transaction of this one must not commit."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request as its caller named it."""

    tenant_id: int
    key: str
    fingerprint: str  # SHA-256 of the body as it was understood, in hexadecimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission."""

    job_id: UUID
    was_done: bool  # while its first caller waited, who therefore got the results
    is_replay: bool = False


def find_receipt(core: Core, request: KeyedRequest) -> Receipt | None:
    """Return what became of the first request under this key, or None if this is the first.

    Raises:
        IdempotencyKeyReused: the key came before with another body.
        IdempotencyKeyInUse: the first request is not answered yet.
    """
    now = core.clock.now()
    with core.database.reading() as session:
        known = idempotency.find_key(session, request.tenant_id, request.key, now)
        if known is None:
            return None
        if known.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        if known.was_done is None and now < known.answer_due_at:
            raise IdempotencyKeyInUse(known.job_id, max(1, ceil((known.answer_due_at - now).total_seconds())))
        # Never answered, because the process died: then nobody has seen results.
        return Receipt(known.job_id, was_done=bool(known.was_done), is_replay=True)


def store_key(session: Session, core: Core, request: KeyedRequest, job_id: UUID, wait_seconds: float) -> None:
    """Store the key beside its job, which this transaction has just inserted.

    Raises:
        KeyTaken: another request was faster.
    """
    now = core.clock.now()
    values: dict[str, Any] = {
        "tenant_id": request.tenant_id,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "job_id": job_id,
        "was_done": None if wait_seconds > 0 else False,
        "answer_due_at": now + timedelta(seconds=wait_seconds + ANSWER_GRACE_SECONDS),
        "expires_at": now + timedelta(seconds=core.settings.idempotency_seconds),
    }
    if not idempotency.claim_key(session, values, now):
        raise KeyTaken


def remember_answer(core: Core, request: KeyedRequest, job_id: UUID, was_done: bool) -> None:
    """Note how the first request was answered, so that every later one is answered alike."""
    with core.database.writing() as session:
        idempotency.remember_answer(session, request.tenant_id, request.key, job_id, was_done)
