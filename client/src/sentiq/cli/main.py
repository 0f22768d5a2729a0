"""The command `sentiq`: finds the subcommand, and turns every error into one kind line and an exit code."""

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sentiq.cli import analyze, jobs, listen, report, results, submit
from sentiq.cli.console import note, say, use_utf8, write
from sentiq.cli.exit_codes import ExitCode, find_exit_code
from sentiq.cli.session import Session
from sentiq.environment import DEFAULT_URL, read_language, wants_tracebacks
from sentiq.errors import APIError, SentiqError
from sentiq.exchange import find_version
from sentiq.retrying import RetryPolicy

app = typer.Typer(
    name="sentiq",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for name, command in (
    ("analyze", analyze.analyze),
    ("submit", submit.submit),
    ("jobs", jobs.jobs),
    ("show", jobs.show),
    ("results", results.results),
    ("cancel", jobs.cancel),
    ("report", report.report),
    ("listen", listen.listen),
):
    app.command(name, help=say(f"help.{name}"))(command)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        write(find_version())
        raise typer.Exit


@app.callback(help=say("help"), epilog=say("help.exit"))
def choose_service(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option("--url", envvar="SENTIQ_URL", metavar="URL", help=f"{say('help.url')} ({DEFAULT_URL})")
    ] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", metavar="FILE", help=say("help.key_file"))] = None,
    attempts: Annotated[int, typer.Option("--attempts", min=1, help=say("help.attempts"))] = RetryPolicy().attempts,
    version: Annotated[
        bool, typer.Option("--version", help=say("help.version"), is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Remember which service the subcommand is for."""
    context.obj = Session(url, key_file, attempts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; always ends in SystemExit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    use_utf8()
    try:
        app(given, prog_name="sentiq")
    except SentiqError as err:
        code = find_exit_code(err)
        _show(err, err.tell(read_language()), code, as_json="--json" in given)
        sys.exit(code)
    except Exception as err:  # noqa: BLE001  (the outer edge: nobody should meet a traceback)
        if wants_tracebacks():
            traceback.print_exc()
        told = say("bug", reason=f"{type(err).__name__}: {err}")
        _show(err, told, ExitCode.UNEXPECTED, as_json="--json" in given)
        sys.exit(ExitCode.UNEXPECTED)


def _show(error: Exception, told: str, code: ExitCode, *, as_json: bool) -> None:
    if not as_json:
        note(f"sentiq: {told}")
        return
    problem = error.problem.model_dump(mode="json", exclude_none=True) if isinstance(error, APIError) else None
    shown = {"error": type(error).__name__, "message": told, "exit_code": code, "problem": problem}
    note(json.dumps(shown, ensure_ascii=False))
