"""`sentiq results`: a look at them in the terminal, all of them into a pipe, or a file."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table

from sentiq.cli.analyze import STYLES
from sentiq.cli.console import is_for_people, make_console, note, say, write_json
from sentiq.cli.options import BOM, JSON, JobArgument, Out, StateOfTexts
from sentiq.cli.session import open_client
from sentiq.downloads import find_format
from sentiq.files import check_folder
from sentiq.models import Result


def results(
    context: typer.Context,
    job_id: JobArgument,
    out: Out = None,
    bom: BOM = False,
    state: StateOfTexts = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help=say("help.limit"))] = 20,
    as_json: JSON = False,
) -> None:
    """Read the results of a job."""
    if out is not None:
        find_format(out)
        check_folder(out)
    with open_client(context) as client:
        job = client.job(job_id)
        if out is not None:
            job.download(out, state=state, bom=bom)
            note(say("written", path=out))
        elif as_json or not is_for_people():
            for result in job.results(state=state):
                write_json(result)
        else:
            _print_some(job.results(state=state), limit)


def _print_some(found: Iterable[Result], limit: int) -> None:
    first = list(islice(found, limit + 1))
    table = Table(box=None, pad_edge=False)
    for column in ("#", say("column.label"), say("column.score"), say("column.text")):
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    for result in first[:limit]:
        style = STYLES[result.label] if result.label else ""
        label = say(result.label.value) if result.label else say(result.state.value)
        score = "" if result.score is None else f"{result.score:.2f}"
        table.add_row(str(result.index), f"[{style}]{label}[/]" if style else label, score, _flatten(result))
    make_console().print(table)
    if len(first) > limit:
        note(say("more_results"))


def _flatten(result: Result) -> str:
    text = f"{result.error.detail} ({result.error.code})" if result.error else result.text
    return " ".join(text.split()).replace("[", r"\[")
