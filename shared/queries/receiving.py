"""Queries on uploads: jobs that receive their texts chunk by chunk, while workers score what is there.

A job receives while `receiving_until` is set. Each chunk is one transaction, and only the request whose token the job
holds may add one: who resumes an upload takes the job over, and the request before it, should it still live, can store
nothing more. The job's end and the upload's are settled on the job's row: whichever comes second finishes the job.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from shared.models import JOBS, TEXTS, IdempotencyKey, Job, TextRow
from shared.queries.jobs import Finished, finish_jobs
from shared.queries.texts import NewText, insert_texts
from shared.states import Lane, TextState
from shared.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next rows of an upload."""

    texts: Sequence[NewText]
    first_position: int
    digest: str  # of all rows so far, these included
    receiving_until: datetime  # given up then, unless more comes

    def count_copies(self) -> tuple[list[NewText], Counter[int]]:
        """Return the rows with the number of their copies in this chunk, and how many each earlier row has gained."""
        gained = Counter(text.copy_of for text in self.texts if text.copy_of is not None)
        rows = list(self.texts)
        for position in [position for position in gained if position >= self.first_position]:
            index = position - self.first_position
            rows[index] = replace(rows[index], copy_count=gained.pop(position))
        return rows, gained


def add_chunk(session: Session, job: Job, token: UUID, chunk: Chunk, now: datetime) -> bool:
    """Store a chunk; return False if the job receives no more under this token, and then roll back.

    Raises:
        sqlalchemy.exc.IntegrityError: the same, found out in the middle by what another request has done meanwhile.
    """
    # Only a look, for the row of the job must be locked behind those of texts; the last statement decides.
    if not is_ours(session, job.id, token):
        return False
    rows, gained = chunk.count_copies()
    counts = _share_outcomes(session, job.id, gained) if gained else Counter()
    insert_texts(
        session,
        job.id,
        rows,
        model=job.model,
        lane=Lane(job.lane),
        now=now,
        neutral_threshold=job.neutral_threshold,
        deadline_at=job.deadline_at,
        tenant_id=job.tenant_id,
        first_position=chunk.first_position,
    )
    for row in rows:
        if row.copy_of is None:
            counts[row.state] += 1 + row.copy_count
    values = {f"d_{state}": counts[state] for state in TextState} | {
        "job": job.id, "token": token, "digest": chunk.digest, "until": chunk.receiving_until, "rows": len(rows)
    }  # fmt: skip
    return session.connection().execute(_EXTEND, values).rowcount == 1


_IS_OURS = (
    JOBS.c.id == bindparam("job"),
    JOBS.c.upload_token == bindparam("token"),
    JOBS.c.receiving_until.is_not(None),
)
_LOOK = select(JOBS.c.id).where(*_IS_OURS)
_EXTEND = (
    update(JOBS)
    .where(*_IS_OURS)
    .values(
        total_count=JOBS.c.total_count + bindparam("rows", type_=Integer),
        upload_digest=bindparam("digest"),
        receiving_until=bindparam("until"),
        **{f"{state}_count": JOBS.c[f"{state}_count"] + bindparam(f"d_{state}", type_=Integer) for state in TextState},
    )
)


def is_ours(session: Session, job_id: UUID, token: UUID) -> bool:
    """Return whether the job receives texts under this token."""
    return session.connection().scalar(_LOOK, {"job": job_id, "token": token}) is not None


def _share_outcomes(session: Session, job_id: UUID, gained: Mapping[int, int]) -> Counter[str]:
    """Give rows that are stored already these numbers of further copies; return how many copies that is by state.

    The rows are locked: whoever moves one later finds its copies counted, and whoever has moved it is seen here.
    """
    firsts = session.connection().execute(_LOCK_FIRSTS, {"job": job_id, "positions": sorted(gained)}).all()
    rows = [{"row": first.id, "gained": gained[first.position]} for first in firsts]
    session.connection().execute(_GAIN_COPIES, rows)
    counts: Counter[str] = Counter()
    for first in firsts:
        counts[first.state] += gained[first.position]
    return counts


_LOCK_FIRSTS = (
    select(TEXTS.c.id, TEXTS.c.position, TEXTS.c.state)
    .where(TEXTS.c.job_id == bindparam("job"), TEXTS.c.position.in_(bindparam("positions", expanding=True)))
    .order_by(TEXTS.c.id)
    .with_for_update()
)
_GAIN_COPIES = (
    update(TEXTS)
    .where(TEXTS.c.id == bindparam("row"))
    .values(copy_count=TEXTS.c.copy_count + bindparam("gained", type_=Integer))
)


def take_over(session: Session, job_id: UUID, token: UUID, receiving_until: datetime) -> bool:
    """Let nobody but the holder of this token add texts from now on; return False if the job receives no more."""
    values = {"job": job_id, "token": token, "until": receiving_until}
    return session.connection().execute(_TAKE_OVER, values).rowcount == 1


_TAKE_OVER = (
    update(JOBS)
    .where(JOBS.c.id == bindparam("job"), JOBS.c.receiving_until.is_not(None), JOBS.c.tenant_id != Tenant.NOBODY)
    .values(upload_token=bindparam("token"), receiving_until=bindparam("until"))
)


def close_upload(session: Session, job_id: UUID, token: UUID, now: datetime) -> Finished | None:
    """Say that all has been received, and finish the job if all is scored; None if it receives no more by this token.

    A worker that settles the last text at the same time waits for the job's row, or is waited for.
    """
    if session.connection().execute(_CLOSE, {"job": job_id, "token": token}).rowcount == 0:
        return None
    return finish_jobs(session, [job_id], now)


_CLOSE = update(JOBS).where(*_IS_OURS).values(receiving_until=None, upload_token=None)


def discard_upload(session: Session, job_id: UUID, token: UUID, now: datetime) -> bool:
    """Let a job vanish that is not whole; return False if it receives no more under this token.

    From now on nobody sees it; the sweeper deletes its rows.
    """
    discarded = session.connection().execute(_DISCARD, {"job": job_id, "token": token, "now": now})
    if discarded.rowcount:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.job_id == job_id))
    return discarded.rowcount == 1


# Without its webhook: a worker may still begin it, and nobody must be told.
_DISCARD_VALUES: Mapping[str, Any] = {"tenant_id": int(Tenant.NOBODY), "upload_token": None, "webhook": None}
_DISCARD = update(JOBS).where(*_IS_OURS).values(**_DISCARD_VALUES, receiving_until=bindparam("now"))


def has_due(session: Session, now: datetime) -> bool:
    """Return whether any upload was given up, by its caller or by nobody's going on with it."""
    return session.scalar(select(Job.id).where(Job.receiving_until <= now).limit(1)) is not None


def discard_abandoned(session: Session, now: datetime, limit: int) -> Sequence[UUID]:
    """Let up to `limit` jobs vanish whose upload nobody goes on with; return their ids."""
    due = (
        select(Job.id)
        .where(Job.receiving_until <= now, Job.tenant_id != Tenant.NOBODY)
        .order_by(Job.receiving_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    job_ids = session.scalars(
        update(Job)
        .where(Job.id.in_(due))
        .values(_DISCARD_VALUES)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).all()
    if job_ids:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.job_id.in_(job_ids)))
    return job_ids


def delete_discarded(session: Session, now: datetime, limit: int) -> int:
    """Delete up to `limit` texts of discarded jobs, and the jobs that have none left; return how many rows that were.

    What a worker holds of them finds no row when it is done, and is dropped.
    """
    due = select(Job.id).where(Job.receiving_until <= now, Job.tenant_id == Tenant.NOBODY).limit(limit)
    if not (job_ids := session.scalars(due).all()):
        return 0
    some = select(TextRow.id).where(TextRow.job_id.in_(job_ids)).limit(limit).with_for_update(skip_locked=True)
    texts = session.execute(delete(TextRow).where(TextRow.id.in_(some)).execution_options(synchronize_session=False))
    jobs = session.execute(
        delete(Job)
        .where(Job.id.in_(job_ids), ~exists().where(TextRow.job_id == Job.id))
        .execution_options(synchronize_session=False)
    )
    return int(texts.rowcount + jobs.rowcount)  # type: ignore[attr-defined]
