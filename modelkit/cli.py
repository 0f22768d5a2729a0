"""The command line: `python -m modelkit import | pretrain | train | export | restore | evaluate | verify`."""

from pathlib import Path
from typing import Annotated

import torch
import typer

from modelkit.data import load_reviews, load_texts
from modelkit.emotions import load_emotions
from modelkit.export import export_model, restore_checkpoint
from modelkit.importing_cli import import_command
from modelkit.measuring_cli import evaluate, verify
from modelkit.pretraining import load_pretrained
from modelkit.pretraining import pretrain as run_pretraining
from modelkit.recipe import Recipe
from modelkit.report import format_quality
from modelkit.training import train as run_training
from modelkit.whole_directory import refuse_existing

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make and measure model directories.")
app.command("import")(import_command)

Csv = Annotated[Path, typer.Argument(help="Labelled texts: columns domain, label (1 positive, 0 negative), text.")]
Dev = Annotated[Path, typer.Option(help="Labelled texts to measure with; the same columns.")]
Out = Annotated[Path, typer.Option(help="The model directory to write; its last part names the model.")]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite what is there.")]
Threads = Annotated[int, typer.Option(min=1, help="Cores to use.")]


@app.command()
def pretrain(
    csv: Annotated[list[Path], typer.Argument(help="Texts to learn the language from: CSV files with a column text.")],
    out: Annotated[Path, typer.Option(help="The folder to write; `train --pretrained` reads it.")],
    epochs: Annotated[int, typer.Option(min=1, help="Times that every text is seen.")] = 12,
    threads: Threads = 1,
) -> None:
    """Pretrain a small StructBERT on plain texts; a run that was stopped goes on after its last whole epoch."""
    texts = list(dict.fromkeys(text for path in csv for text in load_texts(path)))
    torch.set_num_threads(threads)
    run_pretraining(texts, Recipe(pretraining_epochs=epochs), out, _report)


@app.command()
def train(
    csv: Csv,
    dev: Dev,
    out: Out,
    epochs: Annotated[int, typer.Option(min=1, help="Times that every text is seen.")] = Recipe().epochs,
    checkpoints: Annotated[Path, typer.Option(help="Where each epoch's checkpoint goes.")] = Path("build/checkpoints"),
    emotions: Annotated[
        Path | None, typer.Option(help="More texts, labelled with emotions: columns emotion, text.")
    ] = None,
    pretrained: Annotated[Path | None, typer.Option(help="A folder that `pretrain` has written.")] = None,
    source: Annotated[list[str], typer.Option(help="A corpus that CSV comes from, for the card; repeatable.")] = [],  # noqa: B006
    threads: Threads = 1,
    replace: Replace = False,
) -> None:
    """Train a small StructBERT on CSV, and export the epoch that is best on the dev set; a stopped run goes on."""
    reviews, dev_reviews = load_reviews(csv), load_reviews(dev)
    if emotions:
        reviews += load_emotions(emotions)
    refuse_existing(out, replace=replace)
    encoder = load_pretrained(pretrained) if pretrained else None
    torch.set_num_threads(threads)
    recipe = Recipe(pretraining_epochs=encoder.epochs if encoder else 0, epochs=epochs, sources=tuple(source))
    best = run_training(reviews, dev_reviews, recipe, checkpoints / out.name, _report, encoder)
    manifest = export_model(best, out, dev_reviews, overwrite=replace)
    typer.echo(format_quality(manifest.quality))


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint directory in ModelScope's layout.")],
    out: Out,
    dev: Annotated[Path | None, typer.Option(help="Labelled texts to measure with.")] = None,
    replace: Replace = False,
) -> None:
    """Convert CHECKPOINT to a model directory that the service can run."""
    manifest = export_model(checkpoint, out, load_reviews(dev) if dev else (), overwrite=replace)
    typer.echo(f"{out}: {manifest.identity}")


@app.command()
def restore(
    model_dir: Annotated[Path, typer.Argument(help="A model directory.")],
    out: Annotated[Path, typer.Argument(help="The checkpoint directory to write.")],
    replace: Replace = False,
) -> None:
    """Write the weights of MODEL_DIR as a checkpoint for ModelScope's pipeline, or for training on."""
    restore_checkpoint(model_dir, out, overwrite=replace)
    typer.echo(f"{out}: a checkpoint in ModelScope's layout")


app.command()(evaluate)
app.command()(verify)


def _report(line: str) -> None:
    print(line, flush=True)
