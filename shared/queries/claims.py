"""Queries that move texts through a worker: claim, renew, settle, and take back what a dead worker held.

Every change is fenced: it names the claim's token and the state it expects, so that a worker that was frozen past
its lease can write nothing. Rows of texts are always locked before rows of jobs, so that no two transactions wait
for each other.

Jobs count a text together with its copies (`TextRow.copy_of`), as many as its locked row says that there are now.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, exists, select, update
from sqlalchemy.orm import Session

from shared.models import IS_RUNNING, JOBS, TEXTS, Job, TextRow
from shared.queries.jobs import CountChange, Finished, apply_changes
from shared.queries.turns import ClaimLimits, choose_texts
from shared.states import STOPPED, ErrorCode, Lane, TextState


@dataclass(frozen=True, slots=True)
class ClaimedText:
    """A text that this worker, and no other, may settle while its lease lasts."""

    id: int
    job_id: UUID
    lane: int
    text: str
    neutral_threshold: float | None = None  # of its job: a best score below it means neutral
    queued_at: datetime | None = None  # since when it has waited
    request_id: str | None = None  # of the request that submitted its job
    copy_count: int = 0  # how many equal texts of its job shared its outcome when it was claimed


@dataclass(frozen=True, slots=True)
class Success:
    """The prediction for one text."""

    text: ClaimedText
    label: str
    score: float
    scores: dict[str, float]
    token_count: int
    window_count: int
    model_version: str
    state: ClassVar[TextState] = TextState.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one text has no prediction."""

    text: ClaimedText
    code: ErrorCode
    detail: str
    state: ClassVar[TextState] = TextState.FAILED


Outcome = Success | Failure


@dataclass(frozen=True, slots=True)
class Claimed:
    """The texts of one claim, and the deliveries of the events of those jobs that it began."""

    texts: list[ClaimedText] = field(default_factory=list)
    delivery_ids: tuple[UUID, ...] = ()


def claim_texts(session: Session, limits: ClaimLimits, now: datetime, last_lane: Lane = Lane.BULK) -> Claimed:
    """Claim waiting texts of one lane, which is not behind `last_lane`; skip what others claim.

    Interactive texts go before bulk ones, but not twice in a row while bulk ones wait and may be claimed. Tenants share
    a claim evenly; of each the oldest texts go first. What is past its deadline, or of a job that was stopped, is never
    claimed; the sweeper cancels it.
    """
    chosen = choose_texts(session, limits, last_lane, now)
    if not chosen:
        return Claimed()
    rows = session.connection().execute(
        _CLAIM, {"ids": chosen, "token": limits.token, "expires_at": limits.lease_expires_at}
    )
    claimed = sorted(_add_request_ids(session, rows.all()), key=lambda text: text.id)
    changes: dict[UUID, CountChange] = defaultdict(CountChange)
    for text in claimed:
        changes[text.job_id].queued -= 1 + text.copy_count
        changes[text.job_id].running += 1 + text.copy_count
    return Claimed(claimed, apply_changes(session, changes, now).delivery_ids)


_CLAIM = (
    update(TEXTS)
    .where(
        TEXTS.c.id.in_(bindparam("ids", expanding=True)),
        # A cancellation skips texts that are just being claimed; if it commits first, they are not claimed after all.
        # (Unfinished, so that the small index of those will do.)
        ~exists().where(JOBS.c.id == TEXTS.c.job_id, JOBS.c.finished_at.is_(None), JOBS.c.state.in_(STOPPED)),
    )
    .values(
        state=TextState.RUNNING,
        attempts=TEXTS.c.attempts + 1,
        claim_token=bindparam("token"),
        lease_expires_at=bindparam("expires_at"),
    )
    .returning(
        TEXTS.c.id,
        TEXTS.c.job_id,
        TEXTS.c.lane,
        TEXTS.c.text,
        TEXTS.c.neutral_threshold,
        TEXTS.c.queued_at,
        TEXTS.c.copy_count,
    )
)


def _add_request_ids(session: Session, rows: Sequence[Row[Any]]) -> Iterator[ClaimedText]:
    # In a statement of its own: as a subquery of RETURNING, SQLite would look through all jobs for each text.
    ids = {"ids": list({row.job_id for row in rows})}
    request_ids = {row.id: row.request_id for row in session.connection().execute(_REQUEST_IDS, ids)}
    return (
        ClaimedText(
            row.id,
            row.job_id,
            row.lane,
            row.text,
            row.neutral_threshold,
            row.queued_at,
            request_ids[row.job_id],
            row.copy_count,
        )
        for row in rows
    )


_REQUEST_IDS = select(JOBS.c.id, JOBS.c.request_id).where(JOBS.c.id.in_(bindparam("ids", expanding=True)))
_HELD = and_(TEXTS.c.id.in_(bindparam("ids", expanding=True)), TEXTS.c.claim_token == bindparam("token"), IS_RUNNING)
_LOCK_HELD = select(TEXTS.c.id, TEXTS.c.copy_count).where(_HELD).order_by(TEXTS.c.id).with_for_update()
_RENEW = update(TEXTS).where(_HELD).values(lease_expires_at=bindparam("expires_at"))


def renew_lease(session: Session, token: UUID, ids: Sequence[int], lease_expires_at: datetime) -> int:
    """Prolong what of these texts is still held under `token`; return how many that are."""
    values = {"ids": ids, "token": token, "expires_at": lease_expires_at}
    return session.connection().execute(_RENEW, values).rowcount


def settle_texts(session: Session, token: UUID, outcomes: Sequence[Outcome], now: datetime) -> Finished:
    """Store the outcomes of texts still held under `token`; return the jobs that have just finished.

    Outcomes of texts whose lease was lost meanwhile are dropped: another worker owns them.
    """
    held = _lock_held(session, token, [outcome.text.id for outcome in outcomes])
    changes: dict[UUID, CountChange] = defaultdict(CountChange)
    succeeded, failed = [], []
    for outcome in outcomes:
        if outcome.text.id not in held:
            continue
        change, count = changes[outcome.text.job_id], 1 + held[outcome.text.id]
        change.running -= count
        if isinstance(outcome, Success):
            change.succeeded += count
            succeeded.append(_success_row(outcome, now))
        else:
            change.failed += count
            failed.append(_failure_row(outcome, now))
    connection = session.connection()
    if succeeded:
        connection.execute(_STORE_SUCCESS, succeeded)
    if failed:
        connection.execute(_STORE_FAILURE, failed)
    return apply_changes(session, changes, now)


def _lock_held(session: Session, token: UUID, ids: Sequence[int]) -> dict[int, int]:
    """Return how many copies each of these texts has that are still held."""
    held = session.connection().execute(_LOCK_HELD, {"ids": ids, "token": token})
    return {row.id: row.copy_count for row in held}


def _success_row(outcome: Success, now: datetime) -> dict[str, Any]:
    return {
        "row": outcome.text.id,
        "state": outcome.state,
        "finished_at": now,
        "label": outcome.label,
        "score": outcome.score,
        "scores": outcome.scores,
        "token_count": outcome.token_count,
        "window_count": outcome.window_count,
        "model_version": outcome.model_version,
    }


def _failure_row(outcome: Failure, now: datetime) -> dict[str, Any]:
    return {
        "row": outcome.text.id,
        "state": outcome.state,
        "finished_at": now,
        "error_code": outcome.code,
        "error_detail": outcome.detail,
    }


_SETTLE = update(TEXTS).where(TEXTS.c.id == bindparam("row")).values(claim_token=None, lease_expires_at=None)
_STORE_SUCCESS = _SETTLE.values(
    {
        name: bindparam(name)
        for name in (
            "state", "finished_at", "label", "score", "scores", "token_count", "window_count", "model_version",
        )
    }
)  # fmt: skip
_STORE_FAILURE = _SETTLE.values(
    {name: bindparam(name) for name in ("state", "finished_at", "error_code", "error_detail")}
)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many leases had run out, how many of their texts wait again for which model, and which jobs that finished."""

    texts: int = 0
    queued: Mapping[str, int] = field(default_factory=dict)
    finished: Finished = field(default_factory=Finished)


def take_back_expired(session: Session, now: datetime, max_attempts: int, limit: int) -> TakenBack:
    """Queue up to `limit` texts again whose lease has run out, or give them up.

    A text that was tried `max_attempts` times fails with that reason; a text of a job that was stopped is cancelled.
    """
    expired = session.execute(
        select(TextRow.id, TextRow.job_id, TextRow.attempts, TextRow.model, TextRow.copy_count)
        .where(IS_RUNNING, TextRow.lease_expires_at < now)
        .order_by(TextRow.lease_expires_at)  # as the index has them; by id it would be all texts that there are
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not expired:
        return TakenBack()
    stopped = _find_stopped(session, {row.job_id for row in expired})
    changes: dict[UUID, CountChange] = defaultdict(CountChange)
    rows = [_take_back(row, changes[row.job_id], row.job_id in stopped, max_attempts, now) for row in expired]
    session.connection().execute(_TAKE_BACK, rows)
    queued = Counter(text.model for text, row in zip(expired, rows, strict=True) if row["state"] == TextState.QUEUED)
    return TakenBack(len(rows), queued, apply_changes(session, changes, now))


def hand_back(session: Session, token: UUID, ids: Sequence[int], *, now: datetime, max_attempts: int) -> TakenBack:
    """Return what of these texts is still held under `token` to the queue, as if it had never been claimed."""
    values = {"ids": ids, "token": token, "expires_at": now - timedelta(seconds=1)}
    session.connection().execute(_LET_GO, values)
    # From here on they are texts whose lease has run out: one place decides what becomes of those.
    return take_back_expired(session, now, max_attempts, limit=len(ids))


_LET_GO = update(TEXTS).where(_HELD).values(lease_expires_at=bindparam("expires_at"), attempts=TEXTS.c.attempts - 1)
_TAKE_BACK = _SETTLE.values(
    {name: bindparam(name) for name in ("state", "finished_at", "queued_at", "error_code", "error_detail")}
)


def _find_stopped(session: Session, job_ids: set[UUID]) -> set[UUID]:
    # Locked, so that a cancellation cannot slip in between this look and the texts' return to the queue.
    query = select(Job.id, Job.state).where(Job.id.in_(sorted(job_ids))).order_by(Job.id).with_for_update()
    return {row.id for row in session.execute(query) if row.state in STOPPED}


def _take_back(
    row: Row[int, UUID, int, str, int], change: CountChange, job_is_stopped: bool, max_attempts: int, now: datetime
) -> dict[str, Any]:
    count = 1 + row.copy_count
    change.running -= count
    values: dict[str, Any] = {
        "row": row.id, "state": TextState.QUEUED, "finished_at": None, "queued_at": now,
        "error_code": None, "error_detail": None,
    }  # fmt: skip
    if job_is_stopped:
        change.cancelled += count
        return values | {"state": TextState.CANCELLED, "finished_at": now}
    if row.attempts < max_attempts:
        change.queued += count
        return values
    change.failed += count
    return values | {
        "state": TextState.FAILED,
        "finished_at": now,
        "error_code": ErrorCode.ATTEMPTS_EXHAUSTED,
        "error_detail": f"The worker died or stalled each of the {row.attempts} times it tried this text.",
    }
