"""What rounding to int8 has done to a model, on labelled texts: what it says, and how often that is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelkit.data import Review
from modelkit.evaluation import Scored, score_reviews
from modelkit.verdict import Differences
from worker.classifiers.onnx import OnnxClassifier


@dataclass(frozen=True, slots=True)
class Rounding:
    """Differences of one model's float32 and int8 form on the same texts."""

    texts: int
    changed_labels: int
    largest_difference: float  # of a probability
    mean_difference: float
    float32_accuracy: float


def measure_rounding(exact_dir: Path, reviews: Sequence[Review], rounded: Scored) -> Rounding:
    """Return how the float32 model in `exact_dir` differs on `reviews` from what its int8 form has `rounded`."""
    exact = score_reviews(OnnxClassifier(exact_dir, threads=1), reviews, threads=1)
    differences = Differences([review.text for review in reviews], exact.probabilities, rounded.probabilities)
    return Rounding(
        texts=len(reviews),
        changed_labels=differences.changed_labels,
        largest_difference=round(float(differences.by_text.max()), 6),
        mean_difference=round(float(differences.by_text.mean()), 6),
        float32_accuracy=round(float(np.mean(exact.gold == exact.chosen)), 4),
    )
