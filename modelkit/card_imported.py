"""The card of a model that others have trained: where it comes from, and no word on what is not known of it."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from modelkit.card_figures import CHINESE, ENGLISH, render_figures
from worker.model_directory import Manifest

TEMPLATE = Path(__file__).with_name("card_imported.md")
ORIGIN = "imported"  # the entry of a manifest's `training` that tells where the weights came from
BYTES_PER_MEGABYTE = 1_000_000
MEASURED = {
    CHINESE: "在 $texts 条文本上用 ONNX 文件测得：\n\n$figures。",
    ENGLISH: "On $texts texts, measured with the ONNX file:\n\n$figures.",
}
NOT_MEASURED = {
    CHINESE: "没有在这里测量。`python -m modelkit import … --dev 标注.csv` 会测量并写在这里。",
    ENGLISH: "Not measured here. `python -m modelkit import … --dev labelled.csv` measures it and writes it here.",
}


def render_imported(manifest: Manifest) -> str:
    """Return the card's text."""
    origin = manifest.training[ORIGIN]
    size = sum(record.bytes for record in manifest.files.values())
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=manifest.name,
        **{key: manifest.shape[key] for key in ("layers", "hidden")},
        vocabulary=f"{manifest.shape['vocabulary']:,}",
        origin_zh=_describe_origin(origin, "模型", "版本", "本地目录"),
        origin_en=_describe_origin(origin, "Model", "revision", "Local directory"),
        weights=origin["weights_sha256"],
        figures_zh=_describe_figures(manifest.quality, CHINESE),
        figures_en=_describe_figures(manifest.quality, ENGLISH),
        labels=", ".join(f"`{label}`" for label in manifest.labels),
        max_tokens=manifest.max_tokens,
        megabytes=f"{size / BYTES_PER_MEGABYTE:.1f}",
        command=_describe_command(manifest.name, origin),
    )


def _describe_origin(origin: Mapping[str, str], model: str, revision: str, directory: str) -> str:
    if "model_id" in origin:
        return f"- {model}: `{origin['model_id']}`, {revision} `{origin['revision']}` ({origin['hub']})"
    return f"- {directory}: `{origin['directory']}`"


def _describe_figures(quality: Mapping[str, Any], language: str) -> str:
    if not quality:
        return NOT_MEASURED[language]
    figures = render_figures(quality, language)
    return Template(MEASURED[language]).substitute(texts=f"{quality['texts']:,}", figures=figures)


def _describe_command(name: str, origin: Mapping[str, str]) -> str:
    source = origin.get("model_id") or f"./{origin['directory']}"
    revision = f" --revision {origin['revision']}" if "revision" in origin else ""
    return f"python -m modelkit import {source}{revision} --out models/{name}"
