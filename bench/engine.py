"""The bare engine loop: the same model, texts, processes and threads as the service, and nothing around them.

It sees all texts at once and sorts them by length before it cuts its micro-batches, which no service can; so a ratio
of 1.0 is out of reach, and what is missing is the whole price of the queue, the database and of not knowing the future.
"""

import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

from shared.settings import Settings
from worker.batching import MAX_PADDING_TOKENS, plan_micro_batches
from worker.classifiers import Classifier
from worker.classifiers.loading import load_classifier


def measure_rate(settings: Settings, texts: Sequence[str], batch_tokens: int) -> float:
    """Return texts per second of `settings.workers` processes that share the texts evenly."""
    context = get_context("spawn")
    barrier = context.Barrier(settings.workers + 1)
    seconds: SimpleQueue[float] = context.SimpleQueue()
    shares = [texts[number :: settings.workers] for number in range(settings.workers)]
    processes = [
        context.Process(target=_run_process, args=(settings, share, batch_tokens, barrier, seconds)) for share in shares
    ]
    for process in processes:
        process.start()
    barrier.wait()  # all have loaded their model
    slowest = max(seconds.get() for _ in processes)
    for process in processes:
        process.join()
    return len(texts) / slowest


class SingleEngine:
    """The model alone in this process, for texts one at a time."""

    def __init__(self, settings: Settings) -> None:
        """Load the model."""
        self._classifier = load_classifier(settings)

    def time_ms(self, texts: Sequence[str], pause_seconds: float) -> list[float]:
        """Return the milliseconds that the model takes for each text by itself, tokenizing included.

        The pauses are those between the service's requests: a core that was idle has cold caches, in both.
        """
        run_texts(self._classifier, texts[:10], 1)
        return [_time_one(self._classifier, text, pause_seconds) * 1000 for text in texts]


def run_texts(classifier: Classifier, texts: Sequence[str], batch_tokens: int) -> None:
    """Encode, sort, batch and score the texts."""
    windows = [window for its_windows in classifier.encode(texts) for window in its_windows]
    for batch in plan_micro_batches([len(window.ids) for window in windows], batch_tokens, MAX_PADDING_TOKENS):
        classifier.classify([windows[index] for index in batch])


def _time_one(classifier: Classifier, text: str, pause_seconds: float) -> float:
    time.sleep(pause_seconds)
    started = time.perf_counter()
    run_texts(classifier, [text], 1)
    return time.perf_counter() - started


def _run_process(
    settings: Settings, texts: Sequence[str], batch_tokens: int, barrier: Barrier, seconds: SimpleQueue[float]
) -> None:
    classifier = load_classifier(settings)
    run_texts(classifier, texts[:64], batch_tokens)
    barrier.wait()
    started = time.perf_counter()
    run_texts(classifier, texts, batch_tokens)
    seconds.put(time.perf_counter() - started)
