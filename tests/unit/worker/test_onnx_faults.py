"""A model directory that is damaged, or whose parts are not of one model, is refused when it is loaded."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from modelkit.export import export_model, restore_checkpoint
from shared.errors import ModelDirectoryError
from shared.states import Label
from tests.checkpoints import write_checkpoint
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import load_manifest, record_file, write_manifest


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export_model(write_checkpoint(folder / "checkpoint"), folder / "whole")
    return folder / "whole"


@pytest.fixture
def model_dir(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip_one_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def empty(_: bytes) -> bytes:
    return b""


def other(content: bytes) -> bytes:
    return bytes(len(content))


def serve(model_dir: Path) -> None:
    OnnxClassifier(model_dir, 1)


def restore(model_dir: Path) -> None:
    restore_checkpoint(model_dir, model_dir / "x")


def record_again(directory: Path) -> None:
    """Make the manifest speak of the files as they are, as a careless hand might."""
    manifest = load_manifest(directory)
    write_manifest(directory, replace(manifest, files={name: record_file(directory / name) for name in manifest.files}))


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("spoil", [cut, flip_one_bit, empty])
@pytest.mark.parametrize(
    "use", [lambda path: OnnxClassifier(path, 1), lambda path: restore_checkpoint(path, path / "x")]
)
def test_a_file_that_is_not_the_manifest_s_is_refused(
    model_dir: Path, file: str, spoil: Callable[[bytes], bytes], use: Callable[[Path], None]
) -> None:
    path = model_dir / file
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(ModelDirectoryError) as refusal:
        use(model_dir)

    assert str(path) in refusal.value.detail
    assert "Restore the directory from its source" in refusal.value.detail
    assert not (model_dir / "x").exists()


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("spoil", [cut, empty, other])
def test_a_damaged_file_that_the_manifest_vouches_for_is_refused(
    model_dir: Path, file: str, spoil: Callable[[bytes], bytes]
) -> None:
    path = model_dir / file
    path.write_bytes(spoil(path.read_bytes()))
    record_again(model_dir)

    with pytest.raises(ModelDirectoryError, match=rf"{file} cannot be (loaded|read): .* Export the model again"):
        OnnxClassifier(model_dir, 1)


def test_labels_that_do_not_match_the_outputs_are_refused(model_dir: Path) -> None:
    write_manifest(model_dir, replace(load_manifest(model_dir), labels=tuple(Label)))

    with pytest.raises(ModelDirectoryError, match="has 2 outputs, the manifest names 3 labels"):
        OnnxClassifier(model_dir, 1)


def test_a_manifest_with_another_hash_is_refused(model_dir: Path) -> None:
    path = model_dir / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["files"]["model.onnx"]["sha256"] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(ModelDirectoryError, match=r"model\.onnx is not the file the manifest names \(SHA-256\)"):
        OnnxClassifier(model_dir, 1)
