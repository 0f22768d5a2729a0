"""What the bundled model is worth: figures that modelkit measured on labelled reviews, which are not in the repository.

They are read from the manifest and from the outcome of `modelkit cross-validate`; only the influence of neighbours is
measured here.
"""

import json
from pathlib import Path
from statistics import fmean

from bench.report import Row
from bench.server import ROOT
from bench.texts import make_texts
from modelkit.neighbours import measure_influence
from shared.settings import Settings
from worker.classifiers.loading import load_classifier
from worker.model_directory import load_manifest

DOMAINS = ROOT / "docs" / "leave-one-domain-out.json"
INFLUENCE_TEXTS = 200


def measure_quality(settings: Settings) -> list[Row]:
    """Return the rows of accuracy, calibration, rounding, unseen domains, and neighbours."""
    quality = load_manifest(settings.model_path).quality
    rounding = quality["rounding"]
    accuracy, calibration, changed = quality["accuracy"], quality["calibration_error"], rounding["changed_labels"]
    allowed, loss = rounding["texts"] // 1_000, rounding["float32_accuracy"] - accuracy
    texts = f"{quality['texts']:,} reviews"
    return [
        Row(f"bundled model, {texts}: accuracy", f"{accuracy:.2%}", "≥ 92 % (aim 93)", accuracy >= 0.92),
        Row(f"bundled model, {texts}: calibration error", f"{calibration:.4f}", "≤ 0.02", calibration <= 0.02),
        Row("bundled model: labels that int8 changes", f"{changed} of {texts}", f"≤ {allowed}", changed <= allowed),
        Row("bundled model: accuracy lost by int8, points", f"{loss * 100:.2f}", "≤ 0.2", loss <= 0.002),
        _read_domains(DOMAINS),
        _measure_influence(settings),
    ]


def _read_domains(path: Path) -> Row:
    found = {one["domain"]: one["accuracy"] for one in json.loads(path.read_text(encoding="utf-8"))}
    average = fmean(found.values())
    value = f"{average:.2%} ({', '.join(f'{name} {share:.1%}' for name, share in sorted(found.items()))})"
    return Row("recipe of the bundled model: accuracy on a domain left out, average", value, "≥ 85 %", average >= 0.85)


def _measure_influence(settings: Settings) -> Row:
    classifier = load_classifier(settings)
    encodings = classifier.encode(make_texts(INFLUENCE_TEXTS, seed=9))
    influence = measure_influence(classifier, [window for windows in encodings for window in windows])
    is_met = influence.largest_difference <= 1e-3 and influence.changed_labels == 0
    return Row("bundled model: influence of neighbours", f"{influence.largest_difference:.7f}", "≤ 0.001", is_met)
