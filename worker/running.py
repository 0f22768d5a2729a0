"""Runs one micro-batch on the model so that one bad text fails alone."""

import time
from collections.abc import Sequence

import structlog
from billiard.exceptions import SoftTimeLimitExceeded

from shared.states import ErrorCode
from worker import measurements
from worker.batching import TokenBudget, count_padded_tokens
from worker.classifiers import Classifier, Encoding
from worker.predictions import PendingText

log = structlog.get_logger(__name__)

Item = tuple[PendingText, Encoding]


def encode_texts(classifier: Classifier, pending: Sequence[PendingText]) -> None:
    """Give each text its windows; a text that cannot be encoded, or has nothing to score, fails alone."""
    try:
        windows = classifier.encode([text.claimed.text for text in pending])
    except SoftTimeLimitExceeded:
        raise
    except Exception as err:  # noqa: BLE001  whatever a backend raises, only the text that causes it may fail
        _encode_one_by_one(classifier, pending, err)
        return
    for text, its_windows in zip(pending, windows, strict=True):
        text.windows = its_windows
        if text.token_count == 0:
            text.fail(ErrorCode.NOTHING_TO_SCORE, "The text holds no character that the model can read.")


def _encode_one_by_one(classifier: Classifier, pending: Sequence[PendingText], err: Exception) -> None:
    if len(pending) == 1:
        _fail(pending[0], err)
        return
    for text in pending:
        encode_texts(classifier, [text])


def run_micro_batch(classifier: Classifier, items: Sequence[Item], model: str, budget: TokenBudget) -> None:
    """Score windows together, each into its text; if that fails, one by one, so that one bad text fails alone."""
    items = [(text, window) for text, window in items if text.failure is None]
    if not items:
        return
    started = time.perf_counter()
    try:
        probabilities = classifier.classify([window for _, window in items])
    except SoftTimeLimitExceeded:
        raise
    except Exception as err:  # noqa: BLE001  whatever a backend raises, only the text that causes it may fail
        _run_one_by_one(classifier, items, model, budget, err)
        return
    _measure(items, model, budget, time.perf_counter() - started)
    for (text, window), row in zip(items, probabilities, strict=True):
        text.add(window, row)


def _run_one_by_one(
    classifier: Classifier, items: Sequence[Item], model: str, budget: TokenBudget, err: Exception
) -> None:
    if len(items) == 1:
        _fail(items[0][0], err)
        return
    log.warning("micro_batch_failed", texts=len(items), error=type(err).__name__)
    for item in items:
        run_micro_batch(classifier, [item], model, budget)


def _fail(text: PendingText, err: Exception) -> None:
    # Only the kind of error is kept: its message could hold a piece of the text.
    text.fail(ErrorCode.SCORING_FAILED, f"The model could not score this text ({type(err).__name__}).")
    log.warning("text_failed", text_id=text.claimed.id, job_id=str(text.claimed.job_id), error=type(err).__name__)


def _measure(items: Sequence[Item], model: str, budget: TokenBudget, seconds: float) -> None:
    lengths = [len(window.ids) for _, window in items]
    padded = count_padded_tokens(lengths)
    budget.observe(padded, seconds)
    measurements.BATCH_SIZE.labels(model).observe(len(items))
    measurements.BATCH_TOKENS.labels(model).observe(padded)
    measurements.PADDING_RATIO.labels(model).observe(1 - sum(lengths) / padded)
    measurements.INFERENCE_SECONDS.labels(model).observe(seconds)
