"""The command line: `python -m modelkit COMMAND`; `--help` lists the commands."""

import typer

from modelkit.converting_cli import export, quantize, restore
from modelkit.finetuning.command import finetune
from modelkit.importing_cli import import_command
from modelkit.measuring_cli import evaluate, verify
from modelkit.training_cli import cross_validate, pretrain, train

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make and measure model directories.")
app.command("import")(import_command)
for command in (export, quantize, restore, verify, evaluate, pretrain, train, cross_validate, finetune):
    app.command()(command)
