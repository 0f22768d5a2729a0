"""The arguments and options that several commands share, so that they mean and say the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Csv = Annotated[Path, typer.Argument(help="Labelled texts: columns domain, label (1 positive, 0 negative), text.")]
Dev = Annotated[Path, typer.Option(help="Labelled texts to measure with; the same columns.")]
Out = Annotated[Path, typer.Option(help="The model directory to write; its last part names the model.")]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite what is there.")]
Threads = Annotated[int, typer.Option(min=1, help="Cores to use.")]
Epochs = Annotated[int, typer.Option(min=1, help="Times that every text is seen.")]
Checkpoints = Annotated[Path, typer.Option(help="The folder where runs keep their checkpoints.")]
Source = Annotated[list[str], typer.Option(help="A corpus that CSV comes from, for the card; repeatable.")]

Texts = Annotated[
    Path | None,
    typer.Option(help="Texts to verify with, in a column text; without it, built-in ones of every odd kind."),
]
Float32 = Annotated[bool, typer.Option("--float32", help="Keep float32: larger and slower, no rounding to int8.")]

CHECKPOINTS = Path("build/checkpoints")
