"""Receives a file of texts as one job, chunk by chunk, while workers score what has arrived.

The job is made with the first chunk, so that what is wrong from the start leaves nothing behind. It is open until the
last has come, and shows it. What breaks off under an `Idempotency-Key` is kept for who sends the file again: the rows
that are stored are skipped, after a look whether they are the same. All else that does not come to its end vanishes.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from api.accounts import give_back_texts, spending_texts
from api.core import Core
from api.request_errors import IdempotencyKeyReused
from api.services.admission import refuse_full_queue, refuse_more_waiting
from api.services.chunks import Tally, cut
from api.services.following import read_job
from api.services.idempotency import KeyTaken, Receipt, find_receipt, store_key
from api.services.submission import Submission, settle_terms, store_job
from api.upload_errors import FileEmpty, TooManyUploads, UploadTakenOver
from shared.errors import JobAlreadyFinished, JobNotFound, SentiqError
from shared.models import Job
from shared.queries import idempotency, receiving
from shared.queries.jobs import Finished, get_job
from shared.queries.receiving import Chunk
from shared.queries.texts import NewText
from shared.states import STOPPED, JobState

log = structlog.get_logger(__name__)

# Beyond what a slow caller may take between two chunks; then the process must have died.
SILENCE_SECONDS = 300
FURTHER_NUDGE_TEXTS = 1  # for one ticket: the first chunk's have woken every worker


def receive_file(core: Core, submission: Submission, rows: Iterable[NewText], max_bad_rows: int | None) -> Receipt:
    """Store the rows as one job, or go on with the one that an earlier request under the same key has begun.

    Raises:
        FileEmpty: there are no rows.
        IdempotencyKeyReused: the key came before with other rows, or with other options.
        JobAlreadyFinished, JobNotFound: the job was cancelled, has expired or was removed meanwhile.
        TooManyTexts, TooManyBadRows: the rows are more than are taken.
        UploadTakenOver: another request goes on with this upload.
        SentiqError: what `submit_job` raises, and what reading the rows raises.
    """
    with closing(Tally(core.settings.max_upload_texts, max_bad_rows)) as tally:
        upload = _open(core, submission, tally)
        try:
            for texts in cut(rows, tally):
                upload.store(texts)
            return upload.close()
        except BaseException as err:
            upload.give_up(err)
            raise


@contextmanager
def taking_place(core: Core) -> Iterator[None]:
    """Hold one of the places that this process has for uploads, and a seat, so that they never take every thread.

    Raises:
        TooManyUploads: all are taken.
    """
    if not core.uploads.acquire(blocking=False):
        raise TooManyUploads
    try:
        seat = core.room.take_upload_seat()
        if seat is None:
            raise TooManyUploads
        with seat:
            yield
    finally:
        core.uploads.release()


def _open(core: Core, submission: Submission, tally: Tally) -> "_Upload":
    """Return what is known of the upload: nothing, or how far the requests before under the same key have come."""
    known = None if submission.keyed is None else find_receipt(core, submission.keyed)
    upload = _Upload(core, submission, tally)
    if known is None:
        return upload
    with core.database.writing() as session:
        upload.is_whole = not receiving.take_over(session, known.job_id, upload.token, upload.plan_end())
        # Read behind the change: what the request before has stored until then, and nothing of it afterwards.
        upload.job = get_job(session, submission.tenant_id, known.job_id)
    tally.stored, tally.stored_digest = upload.job.total_count, upload.job.upload_digest
    return upload


class _Lost(Exception):
    """The job receives no more from this request; its transaction must not commit."""


@dataclass(slots=True)
class _Upload:
    """One request's part in an upload."""

    core: Core
    submission: Submission
    tally: Tally
    job: Job | None = None  # of the requests before; None: not made yet
    is_whole: bool = False  # it was, before this request
    token: UUID = field(default_factory=uuid4)
    spent: int = 0  # texts of the day's quota

    @property
    def is_first(self) -> bool:
        """Whether no request before has stored anything."""
        return self.tally.stored == 0

    def plan_end(self) -> datetime:
        """Return until when the upload is waited for."""
        is_keyed = self.submission.keyed is not None
        seconds = self.core.settings.upload_resume_seconds if is_keyed else SILENCE_SECONDS
        return self.core.clock.now() + timedelta(seconds=seconds)

    def store(self, texts: list[NewText]) -> None:
        """Store the next chunk, with the job if it is the first, and wake the workers."""
        if self.is_whole:
            # Of a job that was stopped the caller should hear that, and not that its rows are others.
            is_stopped = self.job is not None and JobState(self.job.state) in STOPPED
            raise self._explain_loss(_Lost()) if is_stopped else IdempotencyKeyReused()
        core, account, is_new = self.core, self.submission.account, self.job is None
        chunk = Chunk(texts, self.tally.count - len(texts), self.tally.digest, self.plan_end())
        try:
            with core.database.reading() as session:
                refuse_full_queue(session, core, len(texts))
            with spending_texts(core, account, len(texts)) as spend, core.database.writing() as session:
                job = self.job or self._create(session)
                refuse_more_waiting(session, core, account, len(texts), job.model)
                spend()
                if not receiving.add_chunk(session, job, self.token, chunk, core.clock.now()):
                    raise _Lost
                if self.submission.keyed is not None:  # as long as the upload is waited for, so is its key
                    idempotency.prolong_keys(session, job.id, chunk.receiving_until)
        except KeyTaken:
            raise UploadTakenOver from None
        except (_Lost, IntegrityError) as err:
            raise self._explain_loss(err) from err
        self.job = job
        self.spent += len(texts)
        core.queue.nudge(job.model, len(texts) if is_new else FURTHER_NUDGE_TEXTS)

    def _create(self, session: Session) -> Job:
        submission = self.submission
        terms = settle_terms(session, self.core, submission)
        store_job(session, submission, terms, receiving_until=self.plan_end(), upload_token=self.token)
        if submission.keyed is not None:
            store_key(session, self.core, submission.keyed, submission.job_id, wait_seconds=0)
        return get_job(session, submission.tenant_id, submission.job_id)

    def close(self) -> Receipt:
        """Say that all has arrived, and finish the job if all of it is scored already."""
        if self.tally.count < self.tally.stored:
            raise IdempotencyKeyReused  # what came before had more rows
        if self.job is None:
            raise FileEmpty
        if not self.is_whole:
            with self.core.database.writing() as session:
                finished = receiving.close_upload(session, self.job.id, self.token, self.core.clock.now())
            if finished is None:
                raise self._explain_loss(_Lost())
            self.core.queue.announce_finished(finished)
            log.info(
                "upload_received", job_id=str(self.job.id), texts=self.tally.count, bad_rows=self.tally.bad_rows,
                resumed_at=self.tally.stored,
            )  # fmt: skip
        return Receipt(self.job.id, was_done=False, is_replay=not self.is_first)

    def give_up(self, error: BaseException) -> None:
        """Let the job vanish, unless another request may go on with it or it is none of this one's any more."""
        may_go_on = self.submission.keyed is not None and not (isinstance(error, SentiqError) and not error.retryable)
        if self.job is None or self.is_whole or may_go_on or isinstance(error, IdempotencyKeyReused):
            return
        try:
            with self.core.database.writing() as session:
                was_ours = receiving.discard_upload(session, self.job.id, self.token, self.core.clock.now())
        except SQLAlchemyError as err:  # then the sweeper does it, once nothing has come for long enough
            log.warning("upload_not_discarded", job_id=str(self.job.id), error=type(err).__name__)
            return
        if was_ours:
            give_back_texts(self.core, self.submission.account, self.spent)
            self.core.queue.announce_finished(Finished((self.job.id,)))
            log.info("upload_discarded", job_id=str(self.job.id), texts=self.tally.count, error=type(error).__name__)

    def _explain_loss(self, error: Exception) -> Exception:
        """Return why the job receives no more from this request; the error itself if it does, for then it is a bug."""
        job_id = self.submission.job_id if self.job is None else self.job.id
        try:
            job = read_job(self.core, self.submission.tenant_id, job_id)
        except JobNotFound:
            return JobNotFound("The job was removed while its texts were arriving.")
        if JobState(job.state) in STOPPED:
            return JobAlreadyFinished(f"The job has ended ({job.state}) while its texts were arriving.")
        return error if job.upload_token == self.token else UploadTakenOver()
