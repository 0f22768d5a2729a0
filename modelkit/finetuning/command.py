"""The command `finetune`: refuses before it works, goes on where it was stopped, and ends with a model directory."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from embedded.stopping import StopRequested
from modelkit.conversion import Wishes, convert_checkpoint
from modelkit.data import load_measured
from modelkit.finetuning.material import prepare_material
from modelkit.finetuning.recipe import ADAPTER_RATE, FULL_RATE, FinetuningRecipe
from modelkit.finetuning.run import finetune as run_finetuning
from modelkit.finetuning.split import split_reviews
from modelkit.finetuning.state import discard_state, find_state
from modelkit.odd_texts import choose_texts
from modelkit.options import CHECKPOINTS, Checkpoints, Csv, Epochs, Float32, Out, Replace, Source, Texts, Threads
from modelkit.report import format_quality
from modelkit.whole_directory import refuse_existing

DEFAULTS = FinetuningRecipe()
RATE_HELP = f"The highest of the run; {ADAPTER_RATE:g} unless given, {FULL_RATE:g} with --full."
SIGNAL_BASE = 128  # shells report a program that a signal has ended by the signal's number and this


def finetune(
    csv: Csv,
    model: Annotated[Path, typer.Option(help="The checkpoint to begin with, e.g. a StructBERT from ModelScope.")],
    out: Out,
    dev: Annotated[Path | None, typer.Option(help="Texts to measure with; else a tenth of CSV.")] = None,
    epochs: Epochs = DEFAULTS.epochs,
    patience: Annotated[int, typer.Option(min=1, help="Epochs without a better one, then stop.")] = DEFAULTS.patience,
    learning_rate: Annotated[float | None, typer.Option(min=0.0, help=RATE_HELP)] = None,
    rank: Annotated[int | None, typer.Option(min=1, help=f"LoRA's rank; {DEFAULTS.rank} unless given.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Train every weight instead of a LoRA adapter.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of chance: the same seed gives the same model.")] = DEFAULTS.seed,
    checkpoints: Checkpoints = CHECKPOINTS,
    source: Source = [],  # noqa: B006
    texts: Texts = None,
    float32: Float32 = False,
    threads: Threads = 1,
    replace: Replace = False,
) -> None:
    """Fine-tune a checkpoint on CSV; the same command goes on with a run that was stopped."""
    if full and rank is not None:
        raise typer.BadParameter("--full trains every weight: leave out --rank.")
    recipe = FinetuningRecipe(
        epochs=epochs,
        patience=patience,
        learning_rate=(FULL_RATE if full else ADAPTER_RATE) if learning_rate is None else learning_rate,
        rank=None if full else rank or DEFAULTS.rank,
        seed=seed,
        sources=tuple(source) or (csv.name,),
    )
    refuse_existing(out, replace=replace)
    compared = choose_texts(texts)
    split = split_reviews(load_measured(csv), load_measured(dev) if dev else None, typer.echo)
    material = prepare_material(model, split, typer.echo)
    wishes = Wishes(compared, material.dev, is_int8=not float32, overwrite=replace)
    torch.set_num_threads(threads)
    folder = checkpoints / out.name
    try:
        best = run_finetuning(material, recipe, folder, typer.echo)
        manifest = convert_checkpoint(best, out, wishes, typer.echo)
    except StopRequested as err:
        typer.echo(_describe_stop(folder), err=True)
        raise typer.Exit(SIGNAL_BASE + err.number) from None
    discard_state(folder)
    typer.echo(format_quality(manifest.quality))
    typer.echo(f"{out}: {manifest.identity}")


def _describe_stop(folder: Path) -> str:
    kept = find_state(folder)
    if kept is None:
        return "modelkit: stopped before the first epoch was done; nothing is kept."
    return f"modelkit: stopped. {kept} holds what is done; the same command goes on from there."
