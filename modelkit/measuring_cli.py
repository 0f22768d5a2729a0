"""The commands that measure a model: `evaluate` on labelled texts, `verify` against ModelScope's own pipeline."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from modelkit.card_figures import render_section
from modelkit.data import load_measured
from modelkit.errors import DataError
from modelkit.evaluation import measure_quality, require_labels, score_reviews, try_neutral_band
from modelkit.odd_texts import choose_texts
from modelkit.options import Threads
from modelkit.plot import draw_reliability
from modelkit.progress import show_progress
from modelkit.reference import Reference
from modelkit.report import format_neutral_band, format_quality
from modelkit.verification import SERVING_BACKEND, verify_model
from shared.settings import Settings
from worker.classifiers.loading import open_classifier

STDOUT = Path("-")
BACKENDS: tuple[str, ...] = get_args(Settings.model_fields["backend"].annotation)


def _check_backend(name: str) -> str:
    if name not in BACKENDS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BACKENDS)}.")
    return name


Backend = Annotated[
    str,
    typer.Option(
        callback=_check_backend,
        help=f"What runs MODEL_DIR: {', '.join(BACKENDS)}. For modelscope MODEL_DIR is a checkpoint directory.",
    ),
]


def evaluate(
    model_dir: Annotated[Path, typer.Argument(help="A model directory.")],
    csv: Annotated[
        Path, typer.Argument(help="Labelled texts: columns domain, label (1 positive, 0 negative, or neutral), text.")
    ],
    backend: Backend = SERVING_BACKEND,
    neutral_below: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Tell what calling texts below this probability neutral would do."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures; - for stdout.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the reliability diagram as PNG.")] = None,
    card: Annotated[Path | None, typer.Option(help="Write a Markdown section with the tables.")] = None,
    threads: Threads = 1,
) -> None:
    """Print how well and how fast the model in MODEL_DIR labels the texts of CSV."""
    reviews = load_measured(csv)
    _require_folders(json_file, plot, card)
    classifier = open_classifier(backend, model_dir, threads)
    require_labels(classifier.labels, reviews, neutral_aside=neutral_below is not None)
    with show_progress("scoring") as progress:
        scored = score_reviews(classifier, reviews, threads, progress)
    measured = measure_quality(scored)
    quality = asdict(measured)
    band = asdict(try_neutral_band(scored, neutral_below)) if neutral_below is not None else None
    if plot:
        draw_reliability(measured.calibration, plot)
    if card:
        card.write_text(render_section(quality), encoding="utf-8")
    if json_file != STDOUT:
        typer.echo("\n\n".join((format_quality(quality), *([format_neutral_band(band)] if band else []))))
    if json_file:
        model = f"{model_dir.resolve().name}@{classifier.revision}"
        _write_json(json_file, {"model": model, "backend": backend, "quality": quality, "neutral_band": band})


def verify(
    checkpoint: Annotated[Path, typer.Argument(help="The checkpoint in ModelScope's layout that MODEL_DIR came from.")],
    model_dir: Annotated[Path, typer.Argument(help="The converted model.")],
    csv: Annotated[
        Path | None,
        typer.Option(help="Texts to compare, in a column text; without it, built-in ones of every odd kind."),
    ] = None,
    backend: Backend = SERVING_BACKEND,
    threads: Threads = 1,
) -> None:
    """Fail unless MODEL_DIR says what ModelScope's own pipeline says with CHECKPOINT, alone and beside other texts."""
    texts = choose_texts(csv)
    with show_progress("scoring") as progress:
        reference = Reference(checkpoint, threads)
        verify_model(reference, model_dir, texts, typer.echo, threads=threads, backend=backend, progress=progress)
    typer.echo("verified")


def _require_folders(*paths: Path | None) -> None:
    """Stop before long work whose result would have no place to go."""
    for path in paths:
        if path and not path.parent.is_dir():
            raise DataError(f"{path}: there is no folder {path.parent}. Make it, or choose another path.")


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2)
    if path == STDOUT:
        typer.echo(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")
