"""Measures a classifier on labelled reviews, through the same code that serves it."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelkit.data import Review
from modelkit.errors import DataError
from modelkit.figures import (
    CalibrationBin,
    DomainScore,
    Labels,
    NeutralBand,
    count_confusion,
    measure_calibration,
    measure_calibration_error,
    measure_domains,
    measure_macro_f1,
    measure_neutral_band,
)
from modelkit.progress import ShowProgress, keep_silent
from shared.states import Label
from worker.batching import MAX_PADDING_TOKENS, plan_micro_batches
from worker.classifiers import Classifier, Encoding

BATCH_TOKENS = 4096
GOLD_LABELS = (Label.NEGATIVE, Label.POSITIVE, Label.NEUTRAL)  # by `Review.label`: 0, 1, 2


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1; `calibration_error` is the expected calibration error over the bins of `calibration`."""

    texts: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    texts_per_second: float
    tokens_per_second: float
    threads: int
    domains: dict[str, DomainScore]
    confusion: dict[str, dict[str, int]]  # by the reviews' label, then by the model's
    calibration: list[CalibrationBin]


@dataclass(frozen=True, slots=True)
class Scored:
    """Reviews' own labels and domains, a model's probabilities float32 [reviews, labels], and what they took."""

    gold: Labels
    domains: npt.NDArray[np.str_]
    labels: Sequence[str]
    probabilities: npt.NDArray[np.float32]
    tokens: int
    seconds: float
    threads: int

    @property
    def chosen(self) -> Labels:
        """Return the model's label of each review."""
        chosen: Labels = np.array(self.labels)[self.probabilities.argmax(axis=1)]
        return chosen

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """Return the probability of each review's label."""
        best: npt.NDArray[np.float32] = self.probabilities.max(axis=1)
        return best


def require_labels(labels: Sequence[str], reviews: Iterable[Review], *, neutral_aside: bool = False) -> None:
    """Stop before long work if the reviews have a label that the model cannot give; neutral may be set aside.

    Raises:
        DataError: naming the label and what to do; or a neutral band is asked for that the service would not use.
    """
    if neutral_aside and Label.NEUTRAL in labels:
        raise DataError("The model has a label neutral of its own, so no band below a probability is used with it.")
    found = {GOLD_LABELS[review.label] for review in reviews}
    missing = found - set(labels) - ({Label.NEUTRAL} if neutral_aside else set())
    if missing or not found & set(labels):
        raise DataError(
            f"Some texts have the label {', '.join(sorted(missing or found))}, which the model lacks: it knows "
            f"{', '.join(labels)}. Take them out, or keep neutral ones beside others and pass --neutral-below."
        )


def score_reviews(
    classifier: Classifier, reviews: Sequence[Review], threads: int, progress: ShowProgress = keep_silent
) -> Scored:
    """Score `reviews`, and measure the time it takes, encoding included."""
    started = time.perf_counter()
    encodings = classifier.encode([review.text for review in reviews])
    probabilities = score_windows(classifier, encodings, progress)
    return Scored(
        gold=np.array([GOLD_LABELS[review.label] for review in reviews]),
        domains=np.array([review.domain for review in reviews]),
        labels=classifier.labels,
        probabilities=probabilities,
        tokens=sum(len(window.ids) for windows in encodings for window in windows),
        seconds=time.perf_counter() - started,
        threads=threads,
    )


def measure_quality(scored: Scored) -> Quality:
    """Return the figures; reviews with a label that the model lacks count for the speed alone."""
    known = np.isin(scored.gold, scored.labels)
    gold, chosen = scored.gold[known], scored.chosen[known]
    bins = measure_calibration(scored.confidence[known], gold == chosen)
    return Quality(
        texts=len(gold),
        accuracy=round(float(np.mean(gold == chosen)), 4),
        macro_f1=measure_macro_f1(gold, chosen),
        calibration_error=measure_calibration_error(bins),
        texts_per_second=round(len(scored.gold) / scored.seconds, 1),
        tokens_per_second=round(scored.tokens / scored.seconds, 1),
        threads=scored.threads,
        domains=measure_domains(scored.domains[known], gold, chosen),
        confusion=count_confusion(scored.labels, gold, chosen),
        calibration=bins,
    )


def try_neutral_band(scored: Scored, threshold: float) -> NeutralBand:
    """Return what it would do to call a text neutral whose best probability is below `threshold`."""
    return measure_neutral_band(threshold, scored.confidence, scored.gold, scored.chosen, Label.NEUTRAL)


def score_texts(classifier: Classifier, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return probabilities [texts, labels]; a long text's windows are averaged by the tokens each one adds."""
    return score_windows(classifier, classifier.encode(texts))


def score_windows(
    classifier: Classifier, encodings: Sequence[Sequence[Encoding]], progress: ShowProgress = keep_silent
) -> npt.NDArray[np.float32]:
    """Return probabilities [texts, labels] of texts that are encoded already."""
    windows = [(row, window) for row, its_windows in enumerate(encodings) for window in its_windows]
    totals = np.zeros((len(encodings), len(classifier.labels)), dtype=np.float32)
    weights = np.zeros((len(encodings), 1), dtype=np.float32)
    done, total = 0, sum(len(window.ids) for _, window in windows)
    for places in plan_micro_batches([len(window.ids) for _, window in windows], BATCH_TOKENS, MAX_PADDING_TOKENS):
        batch = [windows[place] for place in places]
        scores = classifier.classify([window for _, window in batch])
        for (row, window), score in zip(batch, scores, strict=True):
            totals[row] += score * max(window.fresh_tokens, 1)
            weights[row] += max(window.fresh_tokens, 1)
        done += sum(len(window.ids) for _, window in batch)
        progress(done, total)
    return totals / weights
