"""The commands that train a small model: `pretrain`, `train`, and `cross-validate`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer

from modelkit.conversion import Wishes, convert_checkpoint
from modelkit.cross_validation import average_accuracy, leave_one_domain_out
from modelkit.data import Review, load_reviews, load_texts
from modelkit.emotions import load_emotions
from modelkit.odd_texts import choose_texts
from modelkit.options import CHECKPOINTS, Checkpoints, Csv, Dev, Epochs, Float32, Out, Replace, Source, Texts, Threads
from modelkit.pretraining import load_pretrained
from modelkit.pretraining import pretrain as run_pretraining
from modelkit.recipe import Recipe
from modelkit.report import format_quality
from modelkit.training import train as run_training
from modelkit.whole_directory import refuse_existing

DEFAULTS = Recipe()

Emotions = Annotated[Path | None, typer.Option(help="More texts, labelled with emotions: columns emotion, text.")]
PretrainedFolder = Annotated[Path | None, typer.Option(help="A folder that `pretrain` has written.")]


def pretrain(
    csv: Annotated[list[Path], typer.Argument(help="Texts to learn the language from: CSV files with a column text.")],
    out: Annotated[Path, typer.Option(help="The folder to write; `train --pretrained` reads it.")],
    epochs: Epochs = 2,
    threads: Threads = 1,
) -> None:
    """Pretrain a small StructBERT on plain texts; a run that was stopped goes on after its last whole epoch."""
    texts = list(dict.fromkeys(text for path in csv for text in load_texts(path)))
    torch.set_num_threads(threads)
    run_pretraining(texts, Recipe(pretraining_epochs=epochs), out, typer.echo)


def train(
    csv: Csv,
    dev: Dev,
    out: Out,
    epochs: Epochs = DEFAULTS.epochs,
    checkpoints: Checkpoints = CHECKPOINTS,
    emotions: Emotions = None,
    pretrained: PretrainedFolder = None,
    source: Source = [],  # noqa: B006
    texts: Texts = None,
    float32: Float32 = False,
    threads: Threads = 1,
    replace: Replace = False,
) -> None:
    """Train a small StructBERT on CSV, and export the epoch that is best on the dev set; a stopped run goes on."""
    reviews, dev_reviews = _load(csv, emotions), load_reviews(dev)
    wishes = Wishes(choose_texts(texts), dev_reviews, is_int8=not float32, overwrite=replace)
    refuse_existing(out, replace=replace)
    encoder = load_pretrained(pretrained) if pretrained else None
    torch.set_num_threads(threads)
    recipe = Recipe(pretraining_epochs=encoder.epochs if encoder else 0, epochs=epochs, sources=tuple(source))
    best = run_training(reviews, dev_reviews, recipe, checkpoints / out.name, typer.echo, encoder)
    manifest = convert_checkpoint(best, out, wishes, typer.echo)
    typer.echo(format_quality(manifest.quality))
    typer.echo(f"{out}: {manifest.identity}")


def cross_validate(
    csv: Csv,
    dev: Dev,
    epochs: Epochs = DEFAULTS.epochs,
    emotions: Emotions = None,
    pretrained: PretrainedFolder = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Train each model on this many texts, drawn by chance.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
    threads: Threads = 1,
) -> None:
    """Train once without each domain of DEV, and tell how many of that domain's texts come out right."""
    reviews, dev_reviews = _load(csv, emotions), load_reviews(dev)
    encoder = load_pretrained(pretrained) if pretrained else None
    torch.set_num_threads(threads)
    recipe = Recipe(pretraining_epochs=encoder.epochs if encoder else 0, epochs=epochs)
    found = leave_one_domain_out(reviews, dev_reviews, recipe, limit, typer.echo, encoder)
    for one in found:
        typer.echo(f"{one.texts:6,}  {one.accuracy:.2%}  {one.domain}")
    typer.echo(f"average over domains: {average_accuracy(found):.2%}")
    if json_file:
        json_file.write_text(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2) + "\n", "utf-8")


def _load(csv: Path, emotions: Path | None) -> list[Review]:
    return load_reviews(csv) + (load_emotions(emotions) if emotions else [])
