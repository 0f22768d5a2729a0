"""The life of one worker child: load the model after the fork, beat, and leave no trace when it stops.

The model is loaded here and not in the parent, since a runtime's threads do not survive a fork.
"""

import os
import time
from collections.abc import Callable, Sequence

import structlog

from shared.clock import SystemClock
from shared.database import Database
from shared.errors import SentiqError
from shared.logging import configure_logging
from shared.queue import CeleryTaskQueue
from shared.settings import Settings, load_settings
from worker.batching import TokenBudget, count_padded_tokens, plan_micro_batches
from worker.classifiers import Classifier, Encoding
from worker.heartbeat import Heartbeat
from worker.measurements import Pulse
from worker.scoring import Scorer

log = structlog.get_logger(__name__)

# Of the length of ordinary reviews: measures the model before the first real text does.
WARM_UP_TEXTS = ("东西收到了，质量比想象的好，物流也很快，包装完整，下次还会再来买的。",) * 16
FAILED_START_PAUSE_SECONDS = 1

LoadClassifier = Callable[[Settings], Classifier]

_scorer: Scorer | None = None
_heartbeat: Heartbeat | None = None


def start_child(load: LoadClassifier, is_stopping: Callable[[], bool]) -> None:
    """Load the model and start beating; end the process, with the reason logged, if that cannot be done."""
    global _scorer, _heartbeat
    settings = load_settings()
    configure_logging(settings, "worker")
    try:
        _scorer = build_scorer(settings, load, is_stopping)
    except SentiqError as err:
        log.error("model_not_loaded", detail=err.detail)
        time.sleep(FAILED_START_PAUSE_SECONDS)  # or the pool would start children as fast as it can
        os._exit(1)
    _heartbeat = Heartbeat(settings, _scorer.database, _scorer.classifier, _scorer.pulse, _scorer.clock)
    _heartbeat.start()
    log.info(
        "model_loaded",
        model=settings.model_name,
        revision=_scorer.classifier.revision,
        backend=settings.backend,
        arithmetic=_scorer.classifier.arithmetic,
    )


def stop_child() -> None:
    """Take this child off the list of live workers."""
    if _heartbeat is not None:
        _heartbeat.stop()


def get_scorer(model: str) -> Scorer:
    """Return this process's scorer.

    Raises:
        LookupError: a ticket for another model came to this queue.
    """
    if _scorer is None or _scorer.model != model:
        raise LookupError(f"this process does not serve {model!r}")
    return _scorer


def build_scorer(settings: Settings, load: LoadClassifier, is_stopping: Callable[[], bool]) -> Scorer:
    """Load the model, measure it, and connect to the database and the queue.

    Raises:
        ModelDirectoryError: the model directory cannot be used.
    """
    classifier, clock = load(settings), SystemClock()
    budget = TokenBudget(settings.target_batch_ms / 1000, settings.max_batch_tokens)
    pulse = Pulse(progress_at=clock.now())
    _warm_up(classifier, budget, pulse)
    database = Database(settings.resolved_database_url)
    return Scorer(settings, database, CeleryTaskQueue(settings), classifier, clock, budget, pulse, is_stopping)


def _warm_up(classifier: Classifier, budget: TokenBudget, pulse: Pulse) -> None:
    batch = _encode(classifier, WARM_UP_TEXTS)
    for _ in range(2):  # the first run also sets up memory, so only the second is measured
        started = time.perf_counter()
        classifier.classify(batch)
        seconds = time.perf_counter() - started
    budget.observe(count_padded_tokens([len(window.ids) for window in batch]), seconds)
    pulse.observe_speed(len(WARM_UP_TEXTS), seconds)
    pulse.batch_tokens = budget.tokens
    _reserve_memory(classifier, budget)


def _reserve_memory(classifier: Classifier, budget: TokenBudget) -> None:
    """Run the largest micro-batch there can be, so that memory is taken at the start and not in mid-service."""
    windows = _encode(classifier, ["".join(WARM_UP_TEXTS) * (1 + budget.tokens // len("".join(WARM_UP_TEXTS)))])
    (indices, *_) = plan_micro_batches([len(window.ids) for window in windows], budget.tokens)
    classifier.classify([windows[index] for index in indices])


def _encode(classifier: Classifier, texts: Sequence[str]) -> list[Encoding]:
    return [window for windows in classifier.encode(texts) for window in windows]
