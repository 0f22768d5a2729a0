"""A checkpoint becomes a small model directory and comes back from it unharmed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from modelkit.card import render_card
from modelkit.checkpoint import save_checkpoint
from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.export import export_model, restore_checkpoint
from modelkit.loading import load_checkpoint
from shared.states import Label
from tests.checkpoints import make_checkpoint, write_checkpoint
from worker.model_directory import load_manifest, verify_files

DEV = [Review("酒店", 1, "房间很干净"), Review("酒店", 0, "客服不理人")]


@pytest.fixture(scope="module")
def checkpoint_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


@pytest.fixture(scope="module")
def model_dir(checkpoint_dir: Path) -> Path:
    directory = checkpoint_dir.parent / "models" / "tiny-zh"
    export_model(checkpoint_dir, directory, DEV)
    return directory


def test_the_directory_is_whole_and_named_after_its_folder(model_dir: Path) -> None:
    manifest = load_manifest(model_dir)

    verify_files(model_dir, manifest)
    assert sorted(path.name for path in model_dir.iterdir()) == [
        "README.md", "manifest.json", "model.onnx", "tokenizer.json",
    ]  # fmt: skip
    assert (manifest.name, manifest.labels, manifest.max_tokens) == ("tiny-zh", (Label.NEGATIVE, Label.POSITIVE), 32)


def test_the_graph_keeps_each_weight_under_its_name_and_exactly(model_dir: Path, checkpoint_dir: Path) -> None:
    weights = load_checkpoint(checkpoint_dir).weights

    stored = {tensor.name: tensor for tensor in onnx.load(model_dir / "model.onnx").graph.initializer}

    assert weights.keys() <= stored.keys()
    for name, tensor in weights.items():
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(stored[name]), tensor.numpy())


def test_the_graph_computes_what_the_stored_weights_say(model_dir: Path, tmp_path: Path) -> None:
    restore_checkpoint(model_dir, tmp_path / "restored")
    ids = np.random.default_rng(1).integers(5, 40, (3, 20))
    mask = np.array([[1] * length + [0] * (20 - length) for length in (20, 9, 3)])
    session = onnxruntime.InferenceSession(str(model_dir / "model.onnx"))

    (graph_logits,) = session.run(None, {"input_ids": ids, "attention_mask": mask})

    model = load_checkpoint(tmp_path / "restored").build_model()
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)).logits
    np.testing.assert_allclose(graph_logits, logits.numpy(), atol=1e-5)


def test_restoring_gives_the_checkpoint_back(model_dir: Path, tmp_path: Path) -> None:
    original = make_checkpoint()

    restore_checkpoint(model_dir, tmp_path / "restored")

    restored = load_checkpoint(tmp_path / "restored")
    assert restored.weights.keys() == original.weights.keys()
    assert all(torch.equal(tensor, original.weights[name]) for name, tensor in restored.weights.items())
    assert (restored.tokens, restored.labels, restored.shape, restored.max_tokens) == (
        original.tokens, original.labels, original.shape, original.max_tokens,
    )  # fmt: skip


def test_exporting_twice_gives_the_same_revision(checkpoint_dir: Path, model_dir: Path, tmp_path: Path) -> None:
    again = export_model(checkpoint_dir, tmp_path / "elsewhere")

    assert again.revision == load_manifest(model_dir).revision


def test_measured_figures_stand_in_manifest_and_card(model_dir: Path) -> None:
    manifest = load_manifest(model_dir)
    card = (model_dir / "README.md").read_text(encoding="utf-8")

    assert manifest.quality["texts"] == 2
    assert card == render_card(manifest)
    assert f"| all | 2 | {manifest.quality['accuracy']:.2%} |" in card
    assert "## 中文" in card
    assert "## English" in card


@pytest.mark.parametrize("layout", ["encoder", "head"])
def test_other_names_of_the_same_weights_are_understood(tmp_path: Path, layout: str) -> None:
    checkpoint = make_checkpoint()
    renamed = {rename(name, layout): tensor for name, tensor in checkpoint.weights.items()}
    save_checkpoint(tmp_path / layout, replace(checkpoint, weights=renamed))

    loaded = load_checkpoint(tmp_path / layout)

    assert loaded.weights.keys() == checkpoint.weights.keys()


def rename(name: str, layout: str) -> str:
    if layout == "encoder":
        return name.replace("bert.", "encoder.", 1)
    return "head." + name if name.startswith("classifier.") else name.replace("bert.", "encoder.", 1)


def test_chinese_labels_in_another_order_are_understood(tmp_path: Path) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    (directory / "label_mapping.json").write_text(json.dumps({"正面": 0, "负面": 1}), encoding="utf-8")

    assert load_checkpoint(directory).labels == (Label.POSITIVE, Label.NEGATIVE)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("config.json", r"config\.json cannot be read"),
        ("configuration.json", r"configuration\.json cannot be read"),
        ("vocab.txt", r"vocab\.txt cannot be read"),
        ("pytorch_model.bin", "no weights"),
    ],
)
def test_a_missing_file_is_named_and_nothing_is_written(tmp_path: Path, file: str, message: str) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    (directory / file).unlink()

    with pytest.raises(CheckpointError, match=message):
        export_model(directory, tmp_path / "model")

    assert not (tmp_path / "model").exists()


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    checkpoint = make_checkpoint()
    fewer = {name: tensor for name, tensor in checkpoint.weights.items() if "pooler" not in name}
    save_checkpoint(tmp_path / "tiny", replace(checkpoint, weights=fewer))

    with pytest.raises(CheckpointError, match="missing"):
        export_model(tmp_path / "tiny", tmp_path / "model")

    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
