"""Makes a model directory from a checkpoint, and a checkpoint from a model directory."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tokenizers import Tokenizer
from transformers import BertConfig

from modelkit.card import write_card
from modelkit.checkpoint import SHAPE, Checkpoint, save_checkpoint
from modelkit.data import Review
from modelkit.evaluation import measure_quality, require_labels, score_reviews
from modelkit.graph import read_weights, write_graph
from modelkit.loading import load_checkpoint
from modelkit.rounding import measure_rounding
from modelkit.whole_directory import write_directory
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    load_manifest,
    record_file,
    verify_files,
    write_manifest,
)
from worker.wordpiece import build_tokenizer

ARCHITECTURE = "structbert"


def export_model(checkpoint_dir: Path, out: Path, dev: Sequence[Review] = (), *, overwrite: bool = False) -> Manifest:
    """Write the model directory `out`, named after its folder; with `dev`, measure it and keep the figures."""
    checkpoint = load_checkpoint(checkpoint_dir)
    return publish_model(out, lambda draft: write_model(draft, out.name, checkpoint), dev, overwrite=overwrite)


def publish_model(
    out: Path, write: Callable[[Path], object], dev: Sequence[Review], *, overwrite: bool, exact_dir: Path | None = None
) -> Manifest:
    """Let `write` fill a new directory, add the figures on `dev` if there is any, and the card; `out` appears whole."""
    with write_directory(out, replace=overwrite) as draft:
        write(draft)
        if dev:
            add_figures(draft, dev, exact_dir)
        manifest = load_manifest(draft)
        write_card(draft, manifest)
    return manifest


def write_model(directory: Path, name: str, checkpoint: Checkpoint) -> Manifest:
    """Write graph, tokenizer and manifest of a model called `name` into a directory that exists."""
    write_graph(checkpoint.build_model(), directory / MODEL_FILE)
    tokenizer = build_tokenizer(checkpoint.tokens, lowercase=checkpoint.lowercase)
    # Not the library's own `save`, which tells of a full disk in words only.
    (directory / TOKENIZER_FILE).write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    manifest = _describe(directory, name, checkpoint)
    write_manifest(directory, manifest)
    return manifest


def add_figures(directory: Path, dev: Sequence[Review], exact_dir: Path | None = None) -> None:
    """Keep in its manifest how good the model in `directory` is on `dev`, and how near to its float32 form."""
    classifier = OnnxClassifier(directory, threads=1)
    require_labels(classifier.labels, dev)
    scored = score_reviews(classifier, dev, threads=1)
    quality = asdict(measure_quality(scored))
    if exact_dir is not None:
        quality["rounding"] = asdict(measure_rounding(exact_dir, dev, scored))
    write_manifest(directory, replace(load_manifest(directory), quality=quality))


def restore_checkpoint(model_dir: Path, out: Path, *, overwrite: bool = False) -> None:
    """Write the checkpoint `out`, in ModelScope's layout, that holds the weights of a model directory."""
    manifest = load_manifest(model_dir)
    verify_files(model_dir, manifest)
    tokenizer = Tokenizer.from_file(str(model_dir / TOKENIZER_FILE))
    vocabulary = tokenizer.get_vocab()
    shape = {key: manifest.shape[name] for name, key in SHAPE.items()}
    config = BertConfig(**shape, num_labels=len(manifest.labels))  # type: ignore[no-untyped-call]
    checkpoint = Checkpoint(
        weights=read_weights(model_dir / MODEL_FILE),
        config=config,
        tokens=tuple(sorted(vocabulary, key=vocabulary.__getitem__)),
        labels=manifest.labels,
        max_tokens=manifest.max_tokens,
        training=manifest.training,
        lowercase=bool(tokenizer.normalizer.lowercase),
    )
    with write_directory(out, replace=overwrite) as draft:
        save_checkpoint(draft, checkpoint)


def _describe(directory: Path, name: str, checkpoint: Checkpoint) -> Manifest:
    return Manifest(
        name=name,
        architecture=ARCHITECTURE,
        labels=checkpoint.labels,
        max_tokens=checkpoint.max_tokens,
        shape=checkpoint.shape,
        files={file: record_file(directory / file) for file in (MODEL_FILE, TOKENIZER_FILE)},
        training=checkpoint.training,
        neutral_threshold=checkpoint.training.get("neutral_threshold"),
    )
