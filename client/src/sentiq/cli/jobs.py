"""`sentiq jobs`, `show` and `cancel`: what is there, how far it is, and enough of it."""

from itertools import islice
from typing import Annotated

import typer
from rich.table import Table

from sentiq.cli.console import draw, note, say, write_json
from sentiq.cli.ending import find_ending, tell_summary
from sentiq.cli.following import ProgressView, follow, format_seconds
from sentiq.cli.options import JSON, JobArgument, Strict, Timeout
from sentiq.cli.session import open_client
from sentiq.models import JobInfo, JobState

COLUMNS = ("job", "state", "done", "failed", "rate", "left", "created")
NUMBERS = {"done", "failed", "rate", "left"}


def jobs(
    context: typer.Context,
    state: Annotated[JobState | None, typer.Option("--state", help=say("help.state"))] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help=say("help.limit"))] = 20,
    as_json: JSON = False,
) -> None:
    """List jobs."""
    with open_client(context) as client:
        found = [job.info for job in islice(client.jobs(state), limit)]
    if as_json:
        for info in found:
            write_json(info)
    elif found:
        _print_table(found)
    else:
        note(say("no_jobs"))


def show(
    context: typer.Context,
    job_id: JobArgument,
    wait: Annotated[bool, typer.Option("--wait", help=say("help.wait"))] = False,
    timeout: Timeout = None,
    strict: Strict = False,
    as_json: JSON = False,
) -> None:
    """Show one job, at its end if that is asked for."""
    with open_client(context) as client:
        job = client.job(job_id)
        if wait:
            with ProgressView() as view:
                tally = follow(job, view, timeout)
    if wait:
        tell_summary(job.info, tally.counts, None, as_json=as_json)
        raise typer.Exit(find_ending(job.info, strict=strict))
    if as_json:
        write_json(job.info)
    else:
        _print_table([job.info])


def cancel(context: typer.Context, job_id: JobArgument, as_json: JSON = False) -> None:
    """Cancel one job."""
    with open_client(context) as client:
        info = client.cancel(job_id).info
    if as_json:
        write_json(info)
    else:
        _print_table([info])


def _print_table(found: list[JobInfo]) -> None:
    rows = [_list_cells(job) for job in found]
    table = Table(box=None, pad_edge=False)
    # A terminal is narrow: what is empty in every row is left out.
    shown = [place for place in range(len(COLUMNS)) if any(row[place] for row in rows)]
    for place in shown:
        name = COLUMNS[place]
        table.add_column(say(f"column.{name}"), justify="right" if name in NUMBERS else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(row[place] for place in shown))
    draw(table)


def _list_cells(job: JobInfo) -> tuple[str, ...]:
    goes_on = not job.is_finished
    return (
        str(job.id),
        say(job.state.value),
        f"{job.counts.finished:,}/{job.counts.total:,}",
        f"{job.counts.failed:,}",
        f"{job.texts_per_second:,.0f}/s" if job.texts_per_second is not None and goes_on else "",
        format_seconds(job.eta_seconds) if job.eta_seconds is not None and goes_on else "",
        f"{job.created_at.astimezone():%m-%d %H:%M}",
    )
