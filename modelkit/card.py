"""Writes the model card from the manifest, so that its figures are always those that were measured."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from modelkit.card_figures import CHINESE, ENGLISH, render_figures
from modelkit.card_imported import ORIGIN, render_imported
from worker.model_directory import Manifest

TEMPLATE, FINETUNED_TEMPLATE = (Path(__file__).with_name(name) for name in ("card.md", "card_finetuned.md"))
CARD_FILE = "README.md"
BYTES_PER_MEGABYTE = 1_000_000
EXAMPLE_THRESHOLD = 0.8  # for a model that has none of its own


def write_card(directory: Path, manifest: Manifest) -> None:
    """Write README.md, in Chinese and English; a model of our own that was not measured gets no card."""
    if manifest.quality or ORIGIN in manifest.training:
        (directory / CARD_FILE).write_text(render_card(manifest), encoding="utf-8")


def render_card(manifest: Manifest) -> str:
    """Return the card's text."""
    if ORIGIN in manifest.training:
        return render_imported(manifest)
    quality, training = manifest.quality, manifest.training
    size = sum(record.bytes for record in manifest.files.values())
    template = FINETUNED_TEMPLATE if "base" in training else TEMPLATE
    return Template(template.read_text(encoding="utf-8")).substitute(
        training,
        name=manifest.name,
        **{key: manifest.shape[key] for key in ("layers", "hidden")},
        vocabulary=f"{manifest.shape['vocabulary']:,}",
        labels=", ".join(manifest.labels),
        max_tokens=manifest.max_tokens,
        texts=f"{training.get('texts', 0):,}",
        neutral_band="true" if manifest.neutral_threshold else EXAMPLE_THRESHOLD,
        neutral_threshold=manifest.neutral_threshold or EXAMPLE_THRESHOLD,
        sources=", ".join(training.get("sources", ())) or "?",
        dev_texts=f"{quality['texts']:,}",
        figures_zh=render_figures(quality, CHINESE),
        figures_en=render_figures(quality, ENGLISH),
        megabytes=f"{size / BYTES_PER_MEGABYTE:.1f}",
        command=_describe_command(manifest),
    )


def _describe_command(manifest: Manifest) -> str:
    training, out = manifest.training, f"models/{manifest.name}"
    sources = [f"--source {source}" for source in training.get("sources", ())]
    if "base" in training:
        return _join("finetune texts.csv", f"--out {out} {_describe_finetuning(training)}", *sources)
    epochs, pretraining = (training.get(key, 0) for key in ("epochs", "pretraining_epochs"))
    train = _join("train reviews_train.csv --dev reviews_dev.csv", f"--out {out} --epochs {epochs}", *sources)
    if not pretraining:
        return train
    texts = "reviews_train.csv weibo_emotion_train.csv"
    pretrain = _join(f"pretrain {texts}", f"--out build/encoder --epochs {pretraining}")
    return f"{pretrain}\n{train} \\\n    --pretrained build/encoder --emotions weibo_emotion_train.csv"


def _join(*parts: str) -> str:
    return " \\\n    ".join(("python -m modelkit " + parts[0], *parts[1:]))


def _describe_finetuning(training: Mapping[str, Any]) -> str:
    method = f"--rank {training['rank']}" if training["rank"] else "--full"
    base, rate, seed = training["base"].partition("@")[0], training["learning_rate"], training["seed"]
    return f"--model {base} {method} --epochs {training['epochs']} --learning-rate {rate} --seed {seed}"
