"""Scores one text while its caller waits: the simple call, by way of the same queue as everything else."""

import time
from typing import Any

from sqlalchemy import Row

from api.accounts import Account
from api.core import Core
from api.request_errors import (
    NotHearing,
    NothingToScore,
    TextCancelled,
    TextNotScored,
    TextRemoved,
    TooManyWaiting,
    WaitTimedOut,
)
from api.services.neutral_band import NeutralBand
from api.services.submission import Submission, submit_job
from api.waiting import Seat
from shared.queries import texts
from shared.queries.texts import NewText
from shared.states import ErrorCode, Lane, TextState

# As long as a broker that is started again needs to come back.
HEARING_SECONDS = 1.0


def score_text(core: Core, account: Account, text: str, neutral_band: NeutralBand = None) -> Row[Any]:
    """Return the stored result of one text of this tenant, scored by the default model.

    Raises:
        NotHearing: the broker is away; nothing was stored.
        TooManyWaiting: nobody more can wait; nothing was stored.
        QueueFull: the queue is full; nothing was stored.
        QuotaExceeded: the caller's quotas are used up; nothing was stored.
        NeutralBandUnavailable: the model has no such band; nothing was stored.
        TextNotScored: the model could not score it.
        WaitTimedOut: it is stored, but took too long.
    """
    if not core.room.is_hearing(HEARING_SECONDS):
        raise NotHearing
    submission = Submission([NewText(text)], lane=Lane.INTERACTIVE, neutral_band=neutral_band, account=account)
    seat = core.room.take_seat(submission.job_id)
    if seat is None:
        raise TooManyWaiting
    with seat:
        submit_job(core, submission)
        return _wait_for_result(core, submission, seat)


def _wait_for_result(core: Core, submission: Submission, seat: Seat) -> Row[Any]:
    deadline = time.monotonic() + core.settings.sentiment_wait_seconds
    while True:
        was_woken = seat.wait(deadline - time.monotonic())
        # Read even after silence: an announcement may have been lost.
        result = _read_result(core, submission)
        if result is None:
            raise TextRemoved
        if result.state == TextState.SUCCEEDED:
            return result
        if result.state == TextState.FAILED:
            raise _explain_failure(result)
        if result.state == TextState.CANCELLED:
            raise TextCancelled
        if not was_woken or not core.room.is_worth_waiting():
            raise WaitTimedOut(submission.job_id)


def _read_result(core: Core, submission: Submission) -> Row[Any] | None:
    with core.database.reading() as session:
        return next(iter(texts.list_results(session, submission.tenant_id, submission.job_id, limit=1)), None)


def _explain_failure(result: Row[Any]) -> TextNotScored:
    kind = NothingToScore if result.error_code == ErrorCode.NOTHING_TO_SCORE else TextNotScored
    return kind(result.error_detail)
