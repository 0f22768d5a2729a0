"""`sentiq analyze`: texts in, feelings out, at once."""

import io
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from sentiq.cli.console import STYLES, draw, flatten, is_for_people, say, write_json
from sentiq.cli.exit_codes import ExitCode
from sentiq.cli.options import JSON, Model, NeutralBand, Strict, parse_neutral_band
from sentiq.cli.session import open_client
from sentiq.errors import InputUnusable
from sentiq.models import Label, Result, TextState

FACES = {Label.POSITIVE: "😊", Label.NEGATIVE: "😞", Label.NEUTRAL: "😐"}


def analyze(
    context: typer.Context,
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help=say("help.texts"))] = None,
    model: Model = None,
    neutral_band: NeutralBand = None,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=1_000, help=say("help.batch_size"))] = 200,
    strict: Strict = False,
    as_json: JSON = False,
) -> None:
    """Analyze the texts, or the lines of standard input."""
    source = iter(texts) if texts else _read_lines()
    band, failed = parse_neutral_band(neutral_band), 0
    with open_client(context) as client:
        for batch in _cut(source, batch_size):
            for result in client.analyze_many(batch, model=model, neutral_band=band):
                failed += result.state is TextState.FAILED
                _show(result, as_json=as_json or not is_for_people())
    if strict and failed:
        raise typer.Exit(ExitCode.TEXTS_FAILED)


def _read_lines() -> Iterator[str]:
    """Yield the lines of standard input that hold something.

    Raises:
        InputUnusable: a person sits there, who forgot the texts; or what comes is in another encoding.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise InputUnusable("no_texts")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="strict")  # in the locale C bytes that are no characters would pass
    try:
        for line in sys.stdin:
            if text := line.strip():
                yield text
    except UnicodeDecodeError as err:
        raise InputUnusable("stdin_undecodable", encoding=err.encoding) from err


def _cut(source: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(source)
    while batch := list(islice(rest, size)):
        yield batch


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        write_json(result)
        return
    line = Text()
    if result.label is None or result.score is None:
        line.append(f"❓ {say('failed')} ", "red")
        line.append(f"{flatten(result.text)}  {result.error.detail if result.error else ''}")
    else:
        line.append(f"{FACES[result.label]} {say(result.label.value)} {result.score:.2f}  ", STYLES[result.label])
        line.append(flatten(result.text))
    draw(line, soft_wrap=True)
