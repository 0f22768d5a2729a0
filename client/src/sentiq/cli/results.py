"""`sentiq results`: a look at them in the terminal, all of them into a pipe, or a file."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from sentiq.cli.console import STYLES, draw, flatten, is_for_people, note, say, write_json
from sentiq.cli.options import BOM, JSON, JobArgument, Out, StateOfTexts
from sentiq.cli.session import open_client
from sentiq.downloads import find_format
from sentiq.errors import InputUnusable
from sentiq.files import check_folder
from sentiq.models import Result

SHOWN_RESULTS = 20


def results(
    context: typer.Context,
    job_id: JobArgument,
    out: Out = None,
    bom: BOM = False,
    state: StateOfTexts = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help=say("help.results_limit"))] = None,
    as_json: JSON = False,
) -> None:
    """Read the results of a job."""
    if out is not None:
        if limit is not None:
            raise InputUnusable("limit_with_out")
        find_format(out)
        check_folder(out)
    with open_client(context) as client:
        job = client.job(job_id)
        if out is not None:
            job.download(out, state=state, bom=bom)
            note(say("written", path=out))
            if as_json:
                write_json({"id": str(job.id), "out": str(out)})
        elif as_json or not is_for_people():
            for result in islice(job.results(state=state), limit):
                write_json(result)
        else:
            _print_some(job.results(state=state), limit or SHOWN_RESULTS)


def _print_some(found: Iterable[Result], limit: int) -> None:
    first = list(islice(found, limit + 1))
    table = Table(box=None, pad_edge=False)
    for column in ("#", say("column.label"), say("column.score"), say("column.text")):
        table.add_column(column, overflow="ellipsis", no_wrap=True)
    for result in first[:limit]:
        style = STYLES[result.label] if result.label else ""
        label = Text(say(result.label.value if result.label else result.state.value), style)
        score = "" if result.score is None else f"{result.score:.2f}"
        told = f"{result.error.detail} ({result.error.code})" if result.error else result.text
        table.add_row(str(result.index), label, score, Text(flatten(told)))
    draw(table)
    if len(first) > limit:
        note(say("more_results"))
