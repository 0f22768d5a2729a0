"""A converted model passes against ModelScope's own pipeline, and every fault that was put in is found."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper
from typer.testing import CliRunner

from modelkit.cli import app
from modelkit.errors import VerificationFailed
from modelkit.export import export_model
from modelkit.odd_texts import SENTENCES, list_odd_texts
from modelkit.quantization import quantize_model
from modelkit.reference import Reference
from modelkit.verification import Verification, verify_model
from tests.checkpoints import write_checkpoint
from tests.model.conftest import BUNDLED
from worker.model_directory import load_manifest, record_file, write_manifest

pytestmark = pytest.mark.model
FEW_TEXTS = (*SENTENCES, "", "Battery ok 6小时")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a checkpoint, and the model directory made of it."""
    folder = tmp_path_factory.mktemp("tiny")
    checkpoint = write_checkpoint(folder / "checkpoint")
    export_model(checkpoint, folder / "model")
    return checkpoint, folder / "model"


@pytest.fixture
def copy(tiny: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return the checkpoint, and a model directory of the test's own."""
    return tiny[0], Path(shutil.copytree(tiny[1], tmp_path / "model"))


def verify(checkpoint: Path, model_dir: Path) -> tuple[Verification, str]:
    lines: list[str] = []
    return verify_model(Reference(checkpoint, threads=1), model_dir, FEW_TEXTS, lines.append), "\n".join(lines)


def sign(model_dir: Path, **changes: object) -> None:
    """Write the manifest anew, so that only the verification can tell that something is wrong."""
    manifest = load_manifest(model_dir)
    files = {name: record_file(model_dir / name) for name in manifest.files}
    write_manifest(model_dir, replace(manifest, files=files, **changes))  # type: ignore[arg-type]


def test_the_bundled_model_passes_on_every_odd_text(bundled_checkpoint: Path) -> None:
    lines: list[str] = []

    verification = verify_model(Reference(bundled_checkpoint, threads=1), BUNDLED, list_odd_texts(), lines.append)

    assert verification.texts == len(list_odd_texts()) >= 500
    # `verify_model` has seen to the bounds of its precision; fp32 keeps far narrower ones.
    exact = verification.precision == "fp32"
    assert verification.neighbour_changed_labels == 0
    assert not exact or (verification.changed_labels == 0 and verification.largest_difference < 1e-5)
    assert verification.blank_texts > 5
    assert verification.scored_texts > 500
    assert "U+1FADF" in verification.disputed_code_points
    assert "labels changed" in lines[-1]


def test_a_small_checkpoint_passes_on_few_texts(tiny: tuple[Path, Path]) -> None:
    verification, report = verify(*tiny)

    assert verification.precision == "fp32"
    assert verification.scored_texts == len(FEW_TEXTS) - 1
    assert "fp32" in report


def test_one_changed_weight_fails(copy: tuple[Path, Path]) -> None:
    checkpoint, model_dir = copy
    graph = onnx.load(model_dir / "model.onnx")
    bias = next(tensor for tensor in graph.graph.initializer if tensor.name == "classifier.bias")
    values = numpy_helper.to_array(bias).copy()
    values[0] += 0.01
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    onnx.save(graph, model_dir / "model.onnx")
    sign(model_dir)

    with pytest.raises(VerificationFailed, match=r"a probability differs by 0\.0"):
        verify(checkpoint, model_dir)


def test_swapped_labels_fail(copy: tuple[Path, Path]) -> None:
    sign(copy[1], labels=load_manifest(copy[1]).labels[::-1])

    with pytest.raises(VerificationFailed, match="texts have another label"):
        verify(*copy)


def test_another_window_fails(copy: tuple[Path, Path]) -> None:
    sign(copy[1], max_tokens=16)

    with pytest.raises(VerificationFailed, match="The model's window has 16 tokens, the checkpoint's 32"):
        verify(*copy)


def swap_two_tokens(tokenizer: dict[str, dict[str, dict[str, int]]]) -> None:
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["好"], vocabulary["差"] = vocabulary["差"], vocabulary["好"]


def keep_case(tokenizer: dict[str, dict[str, object]]) -> None:
    tokenizer["normalizer"]["lowercase"] = False


@pytest.mark.parametrize("spoil", [swap_two_tokens, keep_case])
def test_a_wrong_vocabulary_or_normalizer_fails(copy: tuple[Path, Path], spoil: Callable[[object], None]) -> None:
    path = copy[1] / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    spoil(tokenizer)
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    sign(copy[1])

    with pytest.raises(
        VerificationFailed, match=r"texts have other token ids than in ModelScope, e\.g\.\n .*: id \d+ is"
    ):
        verify(*copy)


def test_the_command_prints_a_table_or_fails(tiny: tuple[Path, Path], copy: tuple[Path, Path], tmp_path: Path) -> None:
    csv = tmp_path / "texts.csv"
    csv.write_text("text\n" + "\n".join(SENTENCES), encoding="utf-8")
    swapped = copy[1]
    sign(swapped, labels=load_manifest(swapped).labels[::-1])

    good = CliRunner().invoke(app, ["verify", *map(str, tiny), "--csv", str(csv)])
    bad = CliRunner().invoke(app, ["verify", str(tiny[0]), str(swapped), "--csv", str(csv)])

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert good.stdout.splitlines()[-1] == "verified"
    assert isinstance(bad.exception, VerificationFailed)
    assert "labels changed" in bad.exception.detail


def test_the_modelscope_backend_is_measured_like_any_other(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    csv = tmp_path / "dev.csv"
    csv.write_text("domain,label,text\n酒店,1,房间很干净\n酒店,0,客服不理人\n", encoding="utf-8")

    runs = [
        CliRunner().invoke(app, ["evaluate", str(directory), str(csv), "--backend", backend, "--json", "-"])
        for directory, backend in zip(tiny, ("modelscope", "onnx"), strict=True)
    ]

    qualities = [json.loads(run.stdout)["quality"] for run in runs]
    assert qualities[0]["confusion"] == qualities[1]["confusion"]
    assert qualities[0]["calibration_error"] == pytest.approx(qualities[1]["calibration_error"], abs=1e-3)


def test_an_int8_model_passes_within_its_bounds_and_ignores_its_neighbours(
    bundled_checkpoint: Path, tmp_path: Path
) -> None:
    export_model(bundled_checkpoint, tmp_path / "fp32")
    quantize_model(tmp_path / "fp32", tmp_path / "int8")
    lines: list[str] = []

    verification = verify_model(Reference(bundled_checkpoint, threads=1), tmp_path / "int8", SENTENCES, lines.append)

    assert verification.precision == "int8"
    assert verification.neighbour_difference <= 1e-6
    assert verification.neighbour_changed_labels == 0
