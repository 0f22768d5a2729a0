"""The engine at base size, 12 layers of 768: its share of what the processor can multiply, alone and on real lengths.

Random weights of the true shape do: speed does not depend on what they say. All processes of the service's settings
compute at the same time, and each round measures the peak beside the engine, since the machine's own speed changes.
"""

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter, sleep

import psutil

from bench.int8_peak import Peak
from bench.measures import BASE_TAX, measure_queue_tax
from bench.report import Row
from bench.service import Service
from bench.texts import make_texts
from modelkit.neighbours import measure_influence
from shared.settings import Settings
from worker.batching import MAX_PADDING_TOKENS, plan_micro_batches
from worker.classifiers import Classifier, Encoding
from worker.classifiers.loading import load_classifier

ROUNDS = 4
SECONDS = 1.5
LAYERS, HIDDEN, INTERMEDIATE = 12, 768, 3072
EVEN_TEXTS, EVEN_TOKENS = 8, 64
SINGLE_TOKENS, SINGLE_RUNS = 40, 25
REVIEWS_PER_PROCESS = 150
INFLUENCE_TEXTS = 40
BATCH_TOKENS = 512
FIRST_ID, LAST_ID = 200, 20_000  # ordinary tokens


@dataclass(frozen=True, slots=True)
class Round:
    """What one process did in one round, in operations (or texts) a second."""

    peak: float
    even: float
    reviews: float
    texts: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one process has measured; the figures taken alone come from the first process only."""

    rounds: Sequence[Round]
    memory_mb: float
    single_ms: float
    influence: float


def measure_base_size(settings: Settings) -> list[Row]:
    """Return the rows: shares of the int8 peak, milliseconds for one text, influence of neighbours, memory."""
    from bench.baselines.models import make_int8_model  # here, or torch would weigh on the measured processes

    with tempfile.TemporaryDirectory() as folder:
        model = str(make_int8_model(Path(folder)))
        own = settings.model_copy(update={"model": model})
        outcomes = _run_processes(own)
        with Service(Path(folder) / "state", {"SENTIQ_MODEL": model}) as service:
            taxes = measure_queue_tax(service, own, BASE_TAX)
    rounds = [_add(rounds) for rounds in zip(*(outcome.rounds for outcome in outcomes), strict=True)]
    even, reviews = ([getattr(one, name) / one.peak for one in rounds] for name in ("even", "reviews"))
    influence = outcomes[0].influence
    return [
        Row("base size, int8: GEMM peak, GOP/s", f"{_median(rounds, 'peak') / 1e9:.0f}"),
        _judge(f"base size, int8: engine ÷ peak, {EVEN_TEXTS} × {EVEN_TOKENS} tokens", even, 0.74),
        _judge("base size, int8: engine ÷ peak, reviews, tokenizing and padding counted", reviews, 0.60),
        Row("base size, int8: reviews, texts/s", f"{_median(rounds, 'texts'):.1f}"),
        Row(f"base size, int8: one text of {SINGLE_TOKENS} tokens, one process, ms", f"{outcomes[0].single_ms:.1f}"),
        Row("base size, int8: influence of neighbours", f"{influence:.7f}", "≤ 0.001", influence <= 1e-3),
        Row("base size, int8: memory of one worker process, MB", f"{max(one.memory_mb for one in outcomes):.0f}"),
        *taxes,
    ]


def _run_processes(settings: Settings) -> list[Outcome]:
    context = get_context("spawn")
    barrier, results = context.Barrier(settings.workers), context.SimpleQueue()
    processes = [
        context.Process(target=_measure, args=(settings, number, barrier, results))
        for number in range(settings.workers)
    ]
    for process in processes:
        process.start()
    found: dict[int, Outcome] = dict(results.get() for _ in processes)
    for process in processes:
        process.join()
    return [found[number] for number in sorted(found)]


def _measure(settings: Settings, number: int, barrier: Barrier, results: "SimpleQueue[tuple[int, Outcome]]") -> None:
    classifier = load_classifier(settings)
    memory = _measure_memory(classifier)
    peak = Peak(settings.threads_per_worker, HIDDEN, INTERMEDIATE)
    texts = make_texts(REVIEWS_PER_PROCESS, seed=number)
    rounds = [_run_round(classifier, peak, texts, barrier) for _ in range(ROUNDS)]
    barrier.wait()
    single_ms, influence = _measure_alone(classifier) if number == 0 else (0.0, 0.0)
    results.put((number, Outcome(rounds, memory, single_ms, influence)))


def _run_round(classifier: Classifier, peak: Peak, texts: Sequence[str], barrier: Barrier) -> Round:
    barrier.wait()
    peak_rate = peak.measure(SECONDS)
    batch = [_make_window(EVEN_TOKENS)] * EVEN_TEXTS
    barrier.wait()
    even_rate = _measure_even(classifier, batch) * peak.count_operations(LAYERS, EVEN_TEXTS * EVEN_TOKENS, EVEN_TEXTS)
    barrier.wait()
    started = perf_counter()
    windows = [window for its_windows in classifier.encode(texts) for window in its_windows]
    lengths = [len(window.ids) for window in windows]
    for places in plan_micro_batches(lengths, BATCH_TOKENS, MAX_PADDING_TOKENS):
        classifier.classify([windows[place] for place in places])
    seconds = perf_counter() - started
    operations = peak.count_operations(LAYERS, sum(lengths), len(lengths))
    return Round(peak_rate, even_rate, operations / seconds, len(texts) / seconds)


def _measure_even(classifier: Classifier, batch: Sequence[Encoding]) -> float:
    """Return batches a second."""
    classifier.classify(batch)
    runs, started = 0, perf_counter()
    while perf_counter() - started < SECONDS:
        classifier.classify(batch)
        runs += 1
    return runs / (perf_counter() - started)


def _measure_alone(classifier: Classifier) -> tuple[float, float]:
    """Return the median milliseconds for one text, and the largest influence of neighbours on a probability."""
    sleep(0.5)  # the other processes end
    window, times = [_make_window(SINGLE_TOKENS)], []
    for _ in range(SINGLE_RUNS):
        started = perf_counter()
        classifier.classify(window)
        times.append((perf_counter() - started) * 1000)
    texts = make_texts(INFLUENCE_TEXTS, seed=9)
    windows = [window for its_windows in classifier.encode(texts) for window in its_windows]
    return statistics.median(times), measure_influence(classifier, windows).largest_difference


def _measure_memory(classifier: Classifier) -> float:
    classifier.classify([_make_window(EVEN_TOKENS)] * EVEN_TEXTS)
    return float(psutil.Process().memory_info().rss / 1e6)


def _make_window(tokens: int) -> Encoding:
    return Encoding(tuple(FIRST_ID + 37 * place % (LAST_ID - FIRST_ID) for place in range(tokens)), "", tokens - 2)


def _add(rounds: Sequence[Round]) -> Round:
    return Round(*(sum(getattr(one, name) for one in rounds) for name in Round.__slots__))


def _median(rounds: Sequence[Round], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in rounds))


def _judge(figure: str, ratios: Sequence[float], bar: float) -> Row:
    ratio = statistics.median(ratios)
    value = f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds)"
    return Row(figure, value, f"≥ {bar:.2f}", ratio >= bar)
