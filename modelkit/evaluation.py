"""Measures a classifier on labelled reviews, through the same code that serves it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelkit.data import Review
from shared.states import Label
from worker.batching import plan_micro_batches
from worker.classifiers import Classifier

BATCH_TOKENS = 4096
CALIBRATION_BINS = 15
GOLD_LABELS = (Label.NEGATIVE, Label.POSITIVE)  # by the label column: 0, 1


@dataclass(frozen=True, slots=True)
class DomainScore:
    """How one kind of review went."""

    texts: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1; `calibration_error` is the expected calibration error over 15 bins."""

    texts: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    texts_per_second: float
    domains: dict[str, DomainScore]


def evaluate(classifier: Classifier, reviews: Sequence[Review]) -> Quality:
    """Return the figures of `classifier` on `reviews`."""
    started = time.perf_counter()
    probabilities = score_texts(classifier, [review.text for review in reviews])
    seconds = time.perf_counter() - started
    gold = np.array([classifier.labels.index(GOLD_LABELS[review.label]) for review in reviews])
    chosen = probabilities.argmax(axis=1)
    domains = np.array([review.domain for review in reviews])
    return Quality(
        texts=len(reviews),
        accuracy=_round(np.mean(chosen == gold)),
        macro_f1=measure_macro_f1(gold, chosen),
        calibration_error=measure_calibration_error(probabilities.max(axis=1), chosen == gold),
        texts_per_second=round(len(reviews) / seconds, 1),
        domains={
            str(domain): _score_domain(gold[domains == domain], chosen[domains == domain])
            for domain in sorted(set(domains))
        },
    )


def score_texts(classifier: Classifier, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return probabilities [texts, labels]; a long text's windows are averaged by the tokens each one adds."""
    windows = [(row, window) for row, encodings in enumerate(classifier.encode(texts)) for window in encodings]
    totals = np.zeros((len(texts), len(classifier.labels)), dtype=np.float32)
    weights = np.zeros((len(texts), 1), dtype=np.float32)
    for places in plan_micro_batches([len(window.ids) for _, window in windows], BATCH_TOKENS):
        batch = [windows[place] for place in places]
        scores = classifier.classify([window for _, window in batch])
        for (row, window), score in zip(batch, scores, strict=True):
            totals[row] += score * max(window.fresh_tokens, 1)
            weights[row] += max(window.fresh_tokens, 1)
    return totals / weights


def measure_macro_f1(gold: npt.NDArray[np.int64], chosen: npt.NDArray[np.int64]) -> float:
    """Return the mean, over the labels that occur in `gold`, of the harmonic mean of precision and recall."""
    scores = []
    for label in np.unique(gold):
        hits = np.sum((gold == label) & (chosen == label))
        scores.append(2 * hits / (np.sum(gold == label) + np.sum(chosen == label)))
    return _round(np.mean(scores))


def measure_calibration_error(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> float:
    """Return the mean gap between confidence and accuracy over equal bins, weighted by size (Guo et al., 2017)."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins)]
    return _round(np.sum(gaps))


def _score_domain(gold: npt.NDArray[np.int64], chosen: npt.NDArray[np.int64]) -> DomainScore:
    return DomainScore(len(gold), _round(np.mean(gold == chosen)), measure_macro_f1(gold, chosen))


def _round(value: "np.floating[npt.NBitBase] | np.float64") -> float:
    return round(float(value), 4)
