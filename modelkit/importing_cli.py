"""The command `import`: from a model's name to a directory that the service can run.

Loads torch only after the download, so that a missing network or a mistyped name is told at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from modelkit.data import load_reviews
from modelkit.hub import DEFAULT_CACHE, DEFAULT_REVISION
from modelkit.odd_texts import choose_texts
from modelkit.options import Float32, Out, Replace, Texts
from modelkit.sources import HubOptions, fetch, parse_source
from modelkit.whole_directory import refuse_existing

app = typer.Typer(add_completion=False)


@app.callback()
def keep_the_name() -> None:
    """Have the command called by its name, though it is the only one here."""


@app.command("import")
def import_command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL_ID_OR_DIR",
            help="A directory with a checkpoint, an id of ModelScope such as owner/model, "
            "or structbert-base, structbert-large, structbert-tiny.",
        ),
    ],
    out: Out,
    revision: Annotated[str, typer.Option(help="A branch, tag or commit of the hub.")] = DEFAULT_REVISION,
    cache: Annotated[
        Path, typer.Option(help="Where what was fetched is kept.", show_default="~/.cache/sentiq/hub")
    ] = DEFAULT_CACHE,
    hub: Annotated[
        str | None, typer.Option(help="Another hub's address; MODELSCOPE_ENDPOINT says the same for every run.")
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Labelled texts to measure with: columns domain, label (1 or 0), text.")
    ] = None,
    texts: Texts = None,
    float32: Float32 = False,
    replace: Replace = False,
) -> None:
    """Make a model directory of a StructBERT from ModelScope, or of a BERT classifier in a local directory.

    A local directory may have ModelScope's layout or Hugging Face's, and no hub is called for it.

    No code of a model is ever run. A run that was stopped goes on where its download stood.
    """
    wanted, reviews = parse_source(model), load_reviews(dev) if dev else ()
    compared = choose_texts(texts)
    refuse_existing(out, replace=replace)
    source = fetch(wanted, HubOptions(revision, cache.expanduser(), hub), typer.echo)
    from modelkit.conversion import Wishes
    from modelkit.importing import import_checkpoint

    wishes = Wishes(compared, reviews, is_int8=not float32, overwrite=replace)
    manifest = import_checkpoint(source, out, wishes, typer.echo)
    typer.echo(f"{out}: {manifest.identity}")
