"""A model directory is read only if it is whole, and its revision names exactly what it holds."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ModelDirectoryError
from shared.states import Label
from worker.model_directory import (
    Manifest,
    load_manifest,
    record_file,
    verify_files,
    write_manifest,
)

SHAPE = {"layers": 1, "hidden": 8, "heads": 1, "intermediate": 8, "vocabulary": 9}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a model directory whose files hold a word each."""
    (tmp_path / "model.onnx").write_text("weights")
    (tmp_path / "tokenizer.json").write_text("tokens")
    write_manifest(tmp_path, describe(tmp_path))
    return tmp_path


def describe(directory: Path) -> Manifest:
    files = {name: record_file(directory / name) for name in ("tokenizer.json", "model.onnx")}
    return Manifest("small", "structbert", (Label.NEGATIVE, Label.POSITIVE), 256, SHAPE, files, {"accuracy": 0.9})


def test_what_was_written_is_read_back(directory: Path) -> None:
    assert load_manifest(directory) == describe(directory)


def test_the_revision_follows_the_documented_rule(directory: Path) -> None:
    hashes = [sha256(word).hexdigest() for word in (b"weights", b"tokens")]
    listing = f"{hashes[0]}  model.onnx\n{hashes[1]}  tokenizer.json\nnegative,positive,256"

    manifest = load_manifest(directory)

    assert manifest.revision == sha256(listing.encode()).hexdigest()[:12]
    assert manifest.identity == f"small@{manifest.revision}"


def test_a_neutral_threshold_is_written_read_back_and_part_of_the_revision(directory: Path) -> None:
    hashes = [sha256(word).hexdigest() for word in (b"weights", b"tokens")]
    listing = f"{hashes[0]}  model.onnx\n{hashes[1]}  tokenizer.json\nnegative,positive,256,neutral<0.75"
    calibrated = replace(describe(directory), neutral_threshold=0.75)

    write_manifest(directory, calibrated)

    assert load_manifest(directory) == calibrated
    assert calibrated.revision == sha256(listing.encode()).hexdigest()[:12]


@pytest.mark.parametrize("threshold", [0.5, 1, 1.0])
def test_the_bounds_of_a_neutral_threshold_belong_to_it(directory: Path, threshold: float) -> None:
    write_manifest(directory, replace(describe(directory), neutral_threshold=threshold))

    manifest = load_manifest(directory)

    assert manifest.neutral_threshold == threshold
    assert manifest.revision == replace(manifest, neutral_threshold=float(threshold)).revision


def test_a_manifest_from_before_there_was_a_threshold_has_none(directory: Path) -> None:
    path = directory / "manifest.json"
    content = json.loads(path.read_text())
    del content["neutral_threshold"]
    path.write_text(json.dumps(content))

    assert load_manifest(directory) == describe(directory)


def test_the_revision_moves_with_files_labels_window_and_threshold_only(directory: Path) -> None:
    manifest = describe(directory)
    swapped = replace(manifest, labels=manifest.labels[::-1])
    narrower = replace(manifest, max_tokens=128)
    calibrated = replace(manifest, neutral_threshold=0.75)
    stricter = replace(manifest, neutral_threshold=0.8)
    measured_again = replace(
        manifest, name="other", quality={"accuracy": 0.5}, training={"seed": 1}, verification={"texts": 9}
    )
    (directory / "tokenizer.json").write_text("others")
    retokenized = describe(directory)

    revisions = {one.revision for one in (manifest, swapped, narrower, calibrated, stricter, retokenized)}

    assert len(revisions) == 6
    assert measured_again.revision == manifest.revision


def test_precision_and_verification_are_kept(directory: Path) -> None:
    manifest = replace(describe(directory), precision="int8", verification={"texts": 9, "points": ["U+0378"]})

    write_manifest(directory, manifest)

    assert load_manifest(directory) == manifest


def test_a_manifest_of_an_earlier_release_is_fp32_and_not_verified(directory: Path) -> None:
    path = directory / "manifest.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({key: content[key] for key in content if key not in ("precision", "verification")}))

    manifest = load_manifest(directory)

    assert (manifest.precision, manifest.verification) == ("fp32", {})


def test_whole_files_pass(directory: Path) -> None:
    verify_files(directory, load_manifest(directory))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("weight$", "is not the file the manifest names"),
        ("weights and more", "has 16 bytes, the manifest says 7"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_changed_file_is_named_with_a_way_out(directory: Path, content: str | None, message: str) -> None:
    path = directory / "model.onnx"
    path.unlink() if content is None else path.write_text(content)

    with pytest.raises(ModelDirectoryError) as refusal:
        verify_files(directory, load_manifest(directory))

    assert str(path) in refusal.value.detail
    assert message in refusal.value.detail
    assert "export the model again" in refusal.value.detail


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2 is unknown, this release reads format 1"),
        ({"labels": ["negative", "happy"]}, "'happy'"),
        ({"labels": ["negative"]}, "labels must be two or more"),
        ({"labels": ["negative", "negative"]}, "labels must be two or more different ones"),
        ({"max_tokens": 2}, "max_tokens is 2"),
        ({"max_tokens": "many"}, "many"),
        ({"files": {}}, "files must list model.onnx, tokenizer.json"),
        ({"shape": [1]}, "manifest.json"),
        ({"name": None}, "name"),
        (
            {"neutral_threshold": 0.49},
            "neutral_threshold must be a number between 0.5 and 1, or null for none, found 0.49",
        ),
        ({"neutral_threshold": 75}, "found 75"),
        ({"neutral_threshold": float("nan")}, "found nan"),
        ({"neutral_threshold": True}, "found True"),
        ({"neutral_threshold": "0.75"}, "found '0.75'"),
        ({"neutral_threshold": 0.75, "labels": ["negative", "neutral", "positive"]}, "have no label neutral"),
        ({"precision": "int4"}, "precision must be one of fp32, int8, found 'int4'"),
        ({"precision": []}, "precision"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(directory: Path, change: dict[str, Any], message: str) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(ModelDirectoryError) as refusal:
        load_manifest(directory)

    assert message in refusal.value.detail
    assert str(directory) in refusal.value.detail


def test_a_manifest_cannot_point_outside_its_directory(directory: Path) -> None:
    path = directory / "manifest.json"
    content = json.loads(path.read_text())
    content["files"]["../secret"] = {"sha256": "0" * 64, "bytes": 1}
    path.write_text(json.dumps(content))

    with pytest.raises(ModelDirectoryError, match="plain names"):
        load_manifest(directory)


@pytest.mark.parametrize("content", ["", "[1, 2]", "{", "[" * 100_000, "\ud83d".encode("utf-8", "surrogatepass")])
def test_a_broken_manifest_is_refused(directory: Path, content: str | bytes) -> None:
    (directory / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(ModelDirectoryError, match=r"manifest\.json"):
        load_manifest(directory)


def test_an_empty_folder_says_how_to_get_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="is not a model directory"):
        load_manifest(tmp_path)
