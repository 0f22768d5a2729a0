"""The figures that say how good a classifier is. Pure: labels and probabilities in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 15
SCORE_DIGITS = 6  # as the service rounds a score before it compares it with a threshold

Labels = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class DomainScore:
    """How one kind of review went."""

    texts: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The texts whose best probability lies in one of 15 equal ranges: its mean, and the share that is right."""

    texts: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class NeutralBand:
    """What calling a text neutral below `threshold` would do.

    `rest_accuracy` is that of the texts which keep another label, None where none does; a neutral text among them
    counts as wrong.
    """

    threshold: float
    texts: int
    called_neutral: int
    rest_accuracy: float | None
    neutral_texts: int  # by the reviews' own labels
    neutral_texts_caught: int


def measure_macro_f1(gold: Labels, chosen: Labels) -> float:
    """Return the mean, over the labels that occur in `gold`, of the harmonic mean of precision and recall."""
    scores = []
    for label in np.unique(gold):
        hits = np.sum((gold == label) & (chosen == label))
        scores.append(2 * hits / (np.sum(gold == label) + np.sum(chosen == label)))
    return _round(np.mean(scores))


def measure_domains(domains: npt.NDArray[np.str_], gold: Labels, chosen: Labels) -> dict[str, DomainScore]:
    """Return the figures of each kind of review, by name."""
    return {str(name): _score_domain(gold[domains == name], chosen[domains == name]) for name in np.unique(domains)}


def count_confusion(labels: Sequence[str], gold: Labels, chosen: Labels) -> dict[str, dict[str, int]]:
    """Return how often a label of `gold` got each of the model's `labels`."""
    return {
        str(label): {other: int(np.sum((gold == label) & (chosen == other))) for other in labels}
        for label in labels
        if label in gold
    }


def measure_calibration(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> list[CalibrationBin]:
    """Return the bins that hold any text, by rising confidence."""
    places = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        CalibrationBin(int(np.sum(places == place)), *_mean_of(confidence, right, places == place))
        for place in np.unique(places)
    ]


def measure_calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Return the mean gap between confidence and accuracy, weighted by size (Guo et al., 2017)."""
    texts = sum(one.texts for one in bins)
    return _round(np.float64(sum(abs(one.confidence - one.accuracy) * one.texts for one in bins) / texts))


def measure_neutral_band(
    threshold: float, confidence: npt.NDArray[np.float32], gold: Labels, chosen: Labels, neutral: str
) -> NeutralBand:
    """Return what it would do to call a text `neutral` whose best probability is below `threshold`."""
    called = np.round(confidence.astype(np.float64), SCORE_DIGITS) < threshold
    rest = ~called
    return NeutralBand(
        threshold=threshold,
        texts=len(gold),
        called_neutral=int(called.sum()),
        rest_accuracy=_round(np.mean(gold[rest] == chosen[rest])) if rest.any() else None,
        neutral_texts=int(np.sum(gold == neutral)),
        neutral_texts_caught=int(np.sum(called & (gold == neutral))),
    )


def _score_domain(gold: Labels, chosen: Labels) -> DomainScore:
    return DomainScore(len(gold), _round(np.mean(gold == chosen)), measure_macro_f1(gold, chosen))


def _mean_of(
    confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], inside: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    return round(float(confidence[inside].mean()), 6), round(float(right[inside].mean()), 6)


def _round(value: "np.floating[npt.NBitBase] | np.float64") -> float:
    return round(float(value), 4)
