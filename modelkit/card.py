"""Writes the model card from the manifest, so that its figures are always those that were measured."""

from pathlib import Path
from string import Template

from modelkit.card_figures import CHINESE, ENGLISH, render_figures
from modelkit.card_imported import ORIGIN, render_imported
from worker.model_directory import Manifest

TEMPLATE = Path(__file__).with_name("card.md")
CARD_FILE = "README.md"
BYTES_PER_MEGABYTE = 1_000_000


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
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=manifest.name,
        **{key: manifest.shape[key] for key in ("layers", "hidden")},
        vocabulary=f"{manifest.shape['vocabulary']:,}",
        max_tokens=manifest.max_tokens,
        texts=f"{training.get('texts', 0):,}",
        sources=", ".join(training.get("sources", ())) or "?",
        dev_texts=f"{quality['texts']:,}",
        figures_zh=render_figures(quality, CHINESE),
        figures_en=render_figures(quality, ENGLISH),
        megabytes=f"{size / BYTES_PER_MEGABYTE:.1f}",
        command=_describe_command(manifest),
    )


def _describe_command(manifest: Manifest) -> str:
    sources = [f"--source {source}" for source in manifest.training.get("sources", ())]
    parts = ("reviews_train.csv --dev reviews_dev.csv", f"--out models/{manifest.name} --threads 1", *sources)
    return " \\\n    ".join(("python -m modelkit train", *parts))
