"""Draws how far a model's confidence can be trusted; the only place that loads matplotlib, and only when asked to."""

from collections.abc import Sequence
from pathlib import Path

from modelkit.figures import CALIBRATION_BINS, CalibrationBin, measure_calibration_error

INCHES, DOTS_PER_INCH = (5.0, 5.6), 150


def draw_reliability(bins: Sequence[CalibrationBin], path: Path) -> None:
    """Write a PNG: accuracy over confidence above, texts per bin below. In English, as fonts may lack Chinese."""
    # A figure of its own needs neither a screen nor pyplot's global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    confidence = [one.confidence for one in bins]
    upper.plot((0, 1), (0, 1), color="grey", linestyle="--", label="perfect calibration")
    upper.plot(confidence, [one.accuracy for one in bins], marker="o", label="this model")
    texts = sum(one.texts for one in bins)
    upper.set_title(f"Reliability: {texts:,} texts, ECE {measure_calibration_error(bins):.4f}")
    upper.set_ylabel("accuracy")
    upper.set_ylim(0, 1)
    upper.legend(loc="lower right")
    lower.bar(confidence, [one.texts for one in bins], width=0.8 / CALIBRATION_BINS)
    lower.set_ylabel("texts")
    lower.set_xlabel("confidence (mean of each bin)")
    lower.set_xlim(0, 1)
    figure.savefig(path, format="png", backend="agg")
