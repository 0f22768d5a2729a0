"""The figures are those of the textbook, on cases that can be checked by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.data import Review
from modelkit.errors import DataError
from modelkit.evaluation import Quality, measure_quality, require_labels, score_reviews, score_texts, try_neutral_band
from worker.classifiers import Arithmetic, Classifier, Encoding


class KeywordClassifier:
    """Sure of 好, sure against 坏; cuts a text into windows at each space."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision = "000000000000"
    max_tokens = 16
    arithmetic: Arithmetic = Arithmetic.FP32
    neutral_threshold: float | None = None

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        return [[Encoding((0,) * len(part), part, len(part)) for part in text.split(" ")] for text in texts]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        positive = [0.9 if "好" in window.text else 0.1 for window in batch]
        return np.array([[1 - share, share] for share in positive], dtype=np.float32)


def evaluate(classifier: Classifier, reviews: Sequence[Review]) -> Quality:
    require_labels(classifier.labels, reviews)
    return measure_quality(score_reviews(classifier, reviews, threads=1))


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


def test_confusion_is_counted_by_the_reviews_label_then_by_the_model_s() -> None:
    reviews = [Review("书", 1, "好"), Review("书", 0, "坏"), Review("书", 0, "好"), Review("书", 0, "坏坏")]

    quality = evaluate(KeywordClassifier(), reviews)

    assert quality.confusion == {
        "negative": {"negative": 2, "positive": 1},
        "positive": {"negative": 0, "positive": 1},
    }


def test_speed_counts_texts_and_tokens_and_names_the_threads() -> None:
    scored = replace(score_reviews(KeywordClassifier(), [Review("书", 1, "好好好 好")] * 6, threads=2), seconds=2.0)

    quality = measure_quality(scored)

    assert (quality.texts_per_second, quality.tokens_per_second, quality.threads) == (3.0, 12.0, 2)


def test_labels_in_another_order_are_matched_by_name() -> None:
    class Reversed(KeywordClassifier):
        labels: tuple[str, ...] = ("positive", "negative")

        def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
            return super().classify(batch)[:, ::-1]

    reviews = [Review("书", 1, "好"), Review("书", 0, "坏")]

    assert evaluate(Reversed(), reviews).accuracy == evaluate(KeywordClassifier(), reviews).accuracy == 1.0


class ThreeLabels(KeywordClassifier):
    """Neutral about what is neither 好 nor 坏."""

    labels: tuple[str, ...] = ("negative", "neutral", "positive")

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        rows = {"好": (0.1, 0.1, 0.8), "坏": (0.7, 0.2, 0.1)}
        return np.array([rows.get(window.text[:1], (0.3, 0.4, 0.3)) for window in batch], dtype=np.float32)


def test_a_model_of_three_labels_is_measured_on_three() -> None:
    reviews = [Review("书", 1, "好"), Review("书", 0, "坏"), Review("书", 2, "书"), Review("书", 2, "好吗")]

    quality = evaluate(ThreeLabels(), reviews)

    assert quality.accuracy == 0.75
    assert quality.confusion["neutral"] == {"negative": 0, "neutral": 1, "positive": 1}


def test_a_label_that_no_review_has_is_a_column_and_not_a_row() -> None:
    quality = evaluate(ThreeLabels(), [Review("书", 1, "好"), Review("书", 1, "书")])

    assert quality.confusion == {"positive": {"negative": 0, "neutral": 1, "positive": 1}}
    assert quality.accuracy == 0.5


def test_a_label_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(DataError, match="label neutral, which the model lacks: it knows negative, positive"):
        evaluate(KeywordClassifier(), [Review("书", 1, "好"), Review("书", 2, "书")])


def test_a_neutral_band_is_refused_for_a_model_that_knows_neutral_itself() -> None:
    with pytest.raises(DataError, match="a label neutral of its own"):
        require_labels(ThreeLabels.labels, [Review("书", 1, "好")], neutral_aside=True)


def test_neutral_reviews_set_aside_do_not_change_the_figures_of_the_others() -> None:
    reviews = [Review("书", 1, "好"), Review("书", 0, "坏")]
    scored = score_reviews(KeywordClassifier(), [*reviews, Review("吃", 2, "书")], threads=1)

    quality = measure_quality(scored)

    assert (quality.texts, quality.accuracy, list(quality.domains)) == (2, 1.0, ["书"])
    assert try_neutral_band(scored, 0.5).neutral_texts == 1


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[int, int]] = []

    score_reviews(KeywordClassifier(), [Review("书", 1, "好" * 3000)] * 4, 1, lambda *both: seen.append(both))

    assert len(seen) > 1
    assert seen[-1] == (12_000, 12_000)
