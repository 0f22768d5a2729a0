"""An int8 model says almost what its float32 model says, whoever shares the batch, and goes the way back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from modelkit.data import Review
from modelkit.errors import CheckpointError, OutputExists
from modelkit.evaluation import score_texts
from modelkit.export import export_model, restore_checkpoint
from modelkit.int8_weights import round_to_int8, widen
from modelkit.loading import load_checkpoint
from modelkit.neighbours import measure_influence
from modelkit.quantization import quantize_model
from shared.errors import ModelDirectoryError
from tests.checkpoints import TEXTS, write_checkpoint
from worker.classifiers import Arithmetic
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import Manifest, load_manifest, verify_files

SAMPLES = [*TEXTS[:4], "房", "很差" * 9, "房间很干净，服务也好！" * 2, "ok", "贵贵贵"]


@pytest.fixture(scope="module")
def fp32_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export_model(write_checkpoint(folder / "checkpoint"), folder / "fp32")
    return folder / "fp32"


@pytest.fixture(scope="module")
def int8_dir(fp32_dir: Path) -> Path:
    quantize_model(fp32_dir, fp32_dir.parent / "int8")
    return fp32_dir.parent / "int8"


def read_arrays(directory: Path) -> dict[str, npt.NDArray[np.generic]]:
    tensors = onnx.load(directory / "model.onnx").graph.initializer
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in tensors}


def test_the_manifest_tells_the_precision_and_keeps_the_rest(fp32_dir: Path, int8_dir: Path) -> None:
    source, manifest = load_manifest(fp32_dir), load_manifest(int8_dir)

    verify_files(int8_dir, manifest)
    assert (manifest.name, manifest.precision) == ("int8", "int8")
    assert manifest.revision != source.revision
    assert replace(manifest, name=source.name, precision=source.precision, files=source.files) == source


def test_matrices_are_bytes_and_what_is_sensitive_stays_exact(fp32_dir: Path, int8_dir: Path) -> None:
    before, after = read_arrays(fp32_dir), read_arrays(int8_dir)

    kinds = {name: after[name].dtype.name for name in before if name.startswith(("bert.", "classifier."))}
    exact = "bert.encoder.layer.1.attention.self.query.weight"  # of the last layer
    dense = {name for name in kinds if ".layer." in name and before[name].ndim == 2 and name != exact}
    assert len(dense) == 2 * 6 - 1
    assert {kinds[name] for name in dense} == {"int8"}
    assert {kinds[name] for name in kinds if "embeddings.weight" in name} == {"float16"}
    others = [name for name in kinds if name not in dense and "embeddings.weight" not in name]
    assert all(np.array_equal(after[name], before[name]) for name in others)


def test_its_scores_are_almost_those_of_fp32(fp32_dir: Path, int8_dir: Path) -> None:
    exact, rounded = (score_texts(OnnxClassifier(path, 1), SAMPLES) for path in (fp32_dir, int8_dir))

    # Random weights eight times as large as usual: a harder case than a trained model.
    np.testing.assert_allclose(rounded, exact, atol=0.05)
    assert not np.array_equal(rounded, exact)


def test_a_text_scores_exactly_alike_alone_and_beside_any_other(int8_dir: Path) -> None:
    classifier = OnnxClassifier(int8_dir, 1)
    windows = [window for its_windows in classifier.encode(SAMPLES) for window in its_windows]

    influence = measure_influence(classifier, windows)

    assert influence.windows == len(windows)
    assert influence.largest_difference <= 1e-6
    assert influence.changed_labels == 0


def test_a_machine_without_vnni_computes_the_same_scores(int8_dir: Path) -> None:
    fallback = OnnxClassifier(int8_dir, 1, byte_kernel="widened")
    windows = [window for its_windows in fallback.encode(SAMPLES) for window in its_windows]

    scores = fallback.classify(windows)

    assert fallback.arithmetic is Arithmetic.INT8_WIDENED
    np.testing.assert_allclose(scores, OnnxClassifier(int8_dir, 1).classify(windows), atol=1e-6)


def test_restoring_gives_the_rounded_weights(fp32_dir: Path, int8_dir: Path, tmp_path: Path) -> None:
    for directory, name in ((fp32_dir, "exact"), (int8_dir, "rounded")):
        restore_checkpoint(directory, tmp_path / name)

    exact, rounded = (load_checkpoint(tmp_path / name).weights for name in ("exact", "rounded"))
    assert rounded.keys() == exact.keys()
    steps = {name: float(exact[name].abs().max()) / 127 for name in exact}
    assert all((rounded[name] - exact[name]).abs().max() <= 0.5001 * steps[name] for name in exact)


def test_a_matrix_is_rounded_to_half_a_step_of_its_row() -> None:
    matrix = np.random.default_rng(5).normal(size=(6, 40)).astype(np.float32)
    matrix[2] *= 100
    matrix[3] = 0

    rounded, scales = round_to_int8(matrix)

    assert rounded.min() >= -127
    np.testing.assert_allclose(scales[[0, 2]], np.abs(matrix[[0, 2]]).max(axis=1) / 127, rtol=1e-6)
    assert (np.abs(widen(rounded, scales) - matrix) <= scales[:, None] * 0.5001).all()


def test_figures_are_measured_anew_and_never_taken_over(fp32_dir: Path, tmp_path: Path) -> None:
    reviews = [Review("酒店", 1, "房间很干净"), Review("酒店", 0, "客服不理人")]
    texts = [review.text for review in reviews]
    export_model(fp32_dir.parent / "checkpoint", tmp_path / "measured", reviews)

    silent = quantize_model(tmp_path / "measured", tmp_path / "silent")
    measured = quantize_model(tmp_path / "measured", tmp_path / "measured-again", reviews)

    assert (silent.quality, silent.verification) == ({}, {})
    assert measured.quality["texts"] == 2
    exact, rounded = (score_texts(OnnxClassifier(tmp_path / name, 1), texts) for name in ("measured", "silent"))
    rounding = measured.quality["rounding"]
    assert rounding["changed_labels"] == (exact.argmax(axis=1) != rounded.argmax(axis=1)).sum()
    assert rounding["largest_difference"] == pytest.approx(np.abs(exact - rounded).max(), abs=2e-6)
    assert rounding["float32_accuracy"] == load_manifest(tmp_path / "measured").quality["accuracy"]
    assert (tmp_path / "measured-again" / "README.md").exists()


def test_an_int8_model_is_not_quantized_again(int8_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="int8 already"):
        quantize_model(int8_dir, tmp_path / "again")

    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten_unasked(fp32_dir: Path, int8_dir: Path) -> None:
    before: Manifest = load_manifest(int8_dir)

    with pytest.raises(OutputExists):
        quantize_model(fp32_dir, int8_dir)

    assert load_manifest(int8_dir) == before
    assert quantize_model(fp32_dir, int8_dir, overwrite=True) == before


def test_a_damaged_model_is_refused_and_nothing_is_written(fp32_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in fp32_dir.iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[:-1] if path.name == "model.onnx" else path.read_bytes())

    with pytest.raises(ModelDirectoryError, match=r"model\.onnx has"):
        quantize_model(broken, tmp_path / "out")

    assert not (tmp_path / "out").exists()
