"""The figures are those of the textbook, on cases that can be checked by hand."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.data import Review
from modelkit.evaluation import evaluate, measure_calibration_error, measure_macro_f1, score_texts
from worker.classifiers import Encoding


class KeywordClassifier:
    """Sure of 好, sure against 坏; cuts a text into windows at each space."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision = "000000000000"
    max_tokens = 16
    neutral_threshold: float | None = None

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        return [[Encoding((0,) * len(part), part, len(part)) for part in text.split(" ")] for text in texts]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        positive = [0.9 if "好" in window.text else 0.1 for window in batch]
        return np.array([[1 - share, share] for share in positive], dtype=np.float32)


def test_accuracy_is_counted_overall_and_by_domain() -> None:
    reviews = [Review("书", 1, "好"), Review("书", 0, "坏"), Review("衣服", 0, "好"), Review("衣服", 0, "坏坏")]

    quality = evaluate(KeywordClassifier(), reviews)

    assert (quality.texts, quality.accuracy) == (4, 0.75)
    assert {name: score.accuracy for name, score in quality.domains.items()} == {"书": 1.0, "衣服": 0.5}


def test_windows_count_by_the_tokens_they_add() -> None:
    scores = score_texts(KeywordClassifier(), ["坏坏坏 好"])

    assert scores[0, 1] == pytest.approx((3 * 0.1 + 1 * 0.9) / 4)


def test_scores_keep_the_order_of_the_texts() -> None:
    texts = ["好" * length if length % 3 else "坏" * length for length in range(1, 50)]

    scores = score_texts(KeywordClassifier(), texts)

    assert [row[1] > 0.5 for row in scores] == ["好" in text for text in texts]


def test_macro_f1_weighs_labels_alike() -> None:
    gold, chosen = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])

    assert measure_macro_f1(gold, chosen) == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.6], dtype=np.float32)
    right = np.array([True, True, True, False, True])

    assert measure_calibration_error(confidence, right) == pytest.approx(0.8 * 0.15 + 0.2 * 0.4, abs=1e-4)


def test_full_confidence_that_is_right_has_no_error() -> None:
    assert measure_calibration_error(np.ones(8, dtype=np.float32), np.ones(8, dtype=bool)) == 0.0
