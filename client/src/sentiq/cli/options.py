"""Options that several subcommands have, and how their values are read."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sentiq.cli.console import say
from sentiq.errors import InputUnusable
from sentiq.models import TextState

JSON = Annotated[bool, typer.Option("--json", help=say("help.json"))]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help=say("help.job"), show_default=False)]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help=say("help.model"))]
NeutralBand = Annotated[str | None, typer.Option("--neutral-band", metavar="BAND", help=say("help.neutral_band"))]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help=say("help.out"), dir_okay=False)]
BOM = Annotated[bool, typer.Option("--bom", help=say("help.bom"))]
Timeout = Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help=say("help.timeout"))]
Strict = Annotated[bool, typer.Option("--strict", help=say("help.strict"))]
StateOfTexts = Annotated[TextState | None, typer.Option("--state", help=say("help.state"))]

_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
# The service decides in the end; this only tells a number from a word.
_BAND = re.compile(r"[01](?:\.\d+)?|\.\d+")


def parse_neutral_band(value: str | None) -> bool | float | None:
    """Return the neutral band as the service takes it: True, a threshold, or None."""
    if value is None:
        return None
    if value == "model":
        return True
    if not _BAND.fullmatch(value):
        raise InputUnusable("neutral_band_unusable", value=value)
    return float(value)


def parse_metadata(items: Sequence[str]) -> dict[str, str] | None:
    """Return a list of name=value as an object."""
    pairs = [item.partition("=") for item in items]
    for name, equals, value in pairs:
        if not name or not equals:
            raise InputUnusable("metadata_unusable", item=name + equals + value)
    return {name: value for name, _, value in pairs} or None


def parse_moment(value: str | None) -> datetime | None:
    """Return a time with its zone."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as err:
        raise InputUnusable("moment_unusable", value=value) from err
    if moment.tzinfo is None:
        raise InputUnusable("moment_unusable", value=value)
    return moment


def parse_span(value: str | None) -> int | None:
    """Return a time span such as 24h in seconds."""
    if value is None:
        return None
    found = _SPAN.fullmatch(value)
    if found is None:
        raise InputUnusable("span_unusable", value=value)
    return int(found[1]) * _UNITS[found[2]]
