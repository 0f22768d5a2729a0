"""The figures are those of the textbook, on cases that can be checked by hand."""

import numpy as np
import pytest

from modelkit.figures import (
    CalibrationBin,
    NeutralBand,
    count_confusion,
    measure_calibration,
    measure_calibration_error,
    measure_macro_f1,
    measure_neutral_band,
)

GOLD = np.array(["positive", "positive", "negative", "neutral", "neutral"])
CHOSEN = np.array(["positive", "negative", "negative", "positive", "negative"])
CONFIDENCE = np.array([0.95, 0.6, 0.8, 0.7, 0.55], dtype=np.float32)


def test_macro_f1_weighs_labels_alike() -> None:
    gold, chosen = np.array(["a", "a", "a", "b"]), np.array(["a", "a", "a", "a"])

    assert measure_macro_f1(gold, chosen) == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)


def test_a_label_without_texts_has_no_row_in_the_confusion() -> None:
    labels = ("negative", "positive", "neutral")

    confusion = count_confusion(labels, GOLD[:3], CHOSEN[:3])

    assert confusion == {
        "negative": {"negative": 1, "positive": 0, "neutral": 0},
        "positive": {"negative": 1, "positive": 1, "neutral": 0},
    }


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.6], dtype=np.float32)
    right = np.array([True, True, True, False, True])

    bins = measure_calibration(confidence, right)

    assert bins == [CalibrationBin(1, 0.6, 1.0), CalibrationBin(4, 0.9, 0.75)]
    assert measure_calibration_error(bins) == pytest.approx(0.8 * 0.15 + 0.2 * 0.4, abs=1e-4)


def test_full_confidence_that_is_right_has_no_error() -> None:
    bins = measure_calibration(np.ones(8, dtype=np.float32), np.ones(8, dtype=bool))

    assert bins == [CalibrationBin(8, 1.0, 1.0)]
    assert measure_calibration_error(bins) == 0.0


def test_a_neutral_band_takes_unsure_texts_out() -> None:
    band = measure_neutral_band(0.65, CONFIDENCE, GOLD, CHOSEN, "neutral")

    assert band == NeutralBand(
        threshold=0.65, texts=5, called_neutral=2, rest_accuracy=0.6667, neutral_texts=2, neutral_texts_caught=1
    )


def test_a_text_at_the_threshold_keeps_its_label_and_scores_are_rounded_as_callers_see_them() -> None:
    band = measure_neutral_band(0.75, np.array([0.7499999], dtype=np.float32), GOLD[:1], CHOSEN[:1], "neutral")

    assert band.called_neutral == 0


def test_a_band_that_takes_all_leaves_no_accuracy() -> None:
    band = measure_neutral_band(1.0, CONFIDENCE, GOLD, CHOSEN, "neutral")

    assert (band.called_neutral, band.rest_accuracy, band.neutral_texts_caught) == (5, None, 2)
