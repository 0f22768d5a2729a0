"""Takes a request in once, however often it comes, and waits for its results as long as its caller wants to."""

from api.core import Core
from api.request_errors import QuotaExceeded
from api.services.following import read_job
from api.services.idempotency import KeyTaken, Receipt, find_receipt, remember_answer
from api.services.submission import Submission, submit_and_wait
from shared.errors import QueueFull


def submit_once(core: Core, submission: Submission, seconds: float) -> Receipt:
    """Submit and wait, or find the job that the first request under the same key has made; then wait for nothing.

    Raises:
        IdempotencyKeyReused: the key came before with another body.
        IdempotencyKeyInUse: the first request under the key is not answered yet.
        DeadlinePassed, ModelUnknown, NeutralBandUnavailable, QueueFull, QuotaExceeded, WebhooksNotConfigured,
            WebhookURLRefused: the job cannot be taken in; nothing is stored, the key neither.
    """
    keyed = submission.keyed
    if keyed is not None and (known := find_receipt(core, keyed)):
        return known
    try:
        submit_and_wait(core, submission, seconds)
    except KeyTaken:  # by a request that came at the same time, and that has been stored by now
        return submit_once(core, submission, seconds)
    except (QuotaExceeded, QueueFull):  # perhaps since another request under the key has just taken what was left
        if keyed is not None and (known := find_receipt(core, keyed)):
            return known
        raise
    was_done = seconds > 0 and read_job(core, submission.tenant_id, submission.job_id).finished_at is not None
    if keyed is not None and seconds > 0:
        remember_answer(core, keyed, submission.job_id, was_done)
    return Receipt(submission.job_id, was_done)
