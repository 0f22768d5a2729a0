"""An exported checkpoint scores like ModelScope's own pipeline on the original, and no directory runs code."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelkit.evaluation import score_texts
from modelkit.export import export_model
from modelkit.odd_texts import EDGE_CASES, LONG, LONG_WORD
from shared.errors import ModelDirectoryError
from tests.checkpoints import write_checkpoint
from tests.model.conftest import BUNDLED
from tests.model.texts import NEGATIVE, POSITIVE
from worker.classifiers import Classifier
from worker.classifiers.modelscope import modelscope_backend
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import write_manifest

pytestmark = pytest.mark.model
TOLERANCE = 1e-4


def make_texts() -> list[str]:
    chance = random.Random(2)
    letters = "房间很干净服务也好东西太差客服不理人！，…Battery ok 6小时mp3贵"
    return ["".join(chance.choices(letters, k=chance.randint(1, 28))) for _ in range(150)]


def test_an_exported_checkpoint_scores_like_the_original_in_modelscope(
    tiny_pair: tuple[Classifier, Classifier],
) -> None:
    # Cut inside a word, the pipeline reads the rest as a word of its own, so such a text is compared below.
    texts = [*make_texts(), *POSITIVE, *NEGATIVE, *(text for text in EDGE_CASES if text != LONG_WORD)]

    onnx, reference = (score_texts(classifier, texts) for classifier in tiny_pair)

    np.testing.assert_allclose(onnx, reference, atol=TOLERANCE)
    clear = abs(reference[:, 0] - reference[:, 1]) > 2 * TOLERANCE
    assert (onnx.argmax(1) == reference.argmax(1))[clear].all()
    assert clear.sum() > 150
    assert len(np.unique(reference.argmax(1))) == 2


def test_a_window_that_starts_inside_a_word_still_fits_the_model(tiny_pair: tuple[Classifier, Classifier]) -> None:
    _, reference = tiny_pair

    windows = [window for its_windows in reference.encode([LONG, LONG_WORD]) for window in its_windows]

    assert len(windows) > 10
    assert np.isfinite(reference.classify(windows)).all()


def test_labels_and_window_come_from_the_checkpoint(tiny_pair: tuple[Classifier, Classifier]) -> None:
    onnx, reference = tiny_pair

    assert onnx.labels == reference.labels == ("negative", "positive")
    assert onnx.max_tokens == reference.max_tokens == 32
    assert len(reference.revision) == len(onnx.revision) == 12


def test_a_calibrated_threshold_comes_from_the_manifest(tmp_path: Path) -> None:
    manifest = export_model(write_checkpoint(tmp_path / "checkpoint"), tmp_path / "model")
    before = OnnxClassifier(tmp_path / "model", 1)
    write_manifest(tmp_path / "model", replace(manifest, neutral_threshold=0.75))

    after = OnnxClassifier(tmp_path / "model", 1)

    assert (before.neutral_threshold, after.neutral_threshold) == (None, 0.75)
    assert before.revision != after.revision


def test_chinese_labels_in_another_order_are_mapped(tmp_path: Path) -> None:
    plain, swapped = (write_checkpoint(tmp_path / name) for name in ("plain", "swapped"))
    (swapped / "label_mapping.json").write_text(json.dumps({"正面": 0, "负面": 1}), encoding="utf-8")

    first, second = (modelscope_backend(directory, 1) for directory in (plain, swapped))

    assert second.labels == ("positive", "negative")
    window = first.encode(["房间很干净"])[0]
    np.testing.assert_array_equal(first.classify(window), second.classify(window))
    assert first.revision != second.revision


def test_a_relative_path_is_not_taken_for_a_hub_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path / "damo" / "tiny")
    monkeypatch.chdir(tmp_path)

    classifier = modelscope_backend(Path("damo/tiny"), 1)

    assert classifier.classify(classifier.encode(["好"])[0]).shape == (1, 2)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("configuration.json", {"allow_remote": True}),
        ("configuration.json", {"plugins": ["someone-elses-package"]}),
        ("config.json", {"auto_map": {"AutoModel": "evil.Model"}}),
    ],
)
def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path, file: str, change: dict[str, object]) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    content = json.loads((directory / file).read_text(encoding="utf-8"))
    (directory / file).write_text(json.dumps(content | change), encoding="utf-8")

    with pytest.raises(ModelDirectoryError, match=f"asks to run code .*{next(iter(change))}"):
        modelscope_backend(directory, 1)


@pytest.mark.parametrize("section", ["pipeline", "model"])
def test_another_kind_of_model_is_refused(tmp_path: Path, section: str) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    path = directory / "configuration.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {section: {"type": "text-generation"}}), encoding="utf-8")

    with pytest.raises(ModelDirectoryError, match="only a text classifier can be served"):
        modelscope_backend(directory, 1)


def test_an_exported_model_is_refused_with_the_way_back() -> None:
    with pytest.raises(ModelDirectoryError, match="python -m modelkit restore"):
        modelscope_backend(BUNDLED, 1)


@pytest.mark.parametrize("missing", ["configuration.json", "config.json", "vocab.txt", "pytorch_model.bin"])
def test_a_missing_file_is_refused_before_any_hub_is_asked(tmp_path: Path, missing: str) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    (directory / missing).unlink()

    with pytest.raises(ModelDirectoryError, match=str(directory)):
        modelscope_backend(directory, 1)
