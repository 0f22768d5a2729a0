"""`sentiq report`: what the texts of a job add up to, in the terminal, on a page, or in a picture."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from sentiq.cli.console import STYLES, draw, flatten, note, say, write_json
from sentiq.cli.options import JSON, JobArgument
from sentiq.cli.session import open_client
from sentiq.environment import read_language
from sentiq.errors import InputUnusable
from sentiq.files import check_folder, replace_when_whole
from sentiq.models import Label
from sentiq.report.charts import ORDER, Bar, Charts, make_charts
from sentiq.report.page import write_page
from sentiq.report.picture import draw_picture, find_chinese_font
from sentiq.report.summary import Summary, summarize

BAR_WIDTH = 40
SHOWN_COLUMNS = 20


def report(
    context: typer.Context,
    job_id: JobArgument,
    by: Annotated[str | None, typer.Option("--by", metavar="COLUMN", help=say("help.by"))] = None,
    top: Annotated[int, typer.Option("--top", min=1, help=say("help.top"))] = 20,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help=say("help.html"), dir_okay=False)] = None,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help=say("help.png"), dir_okay=False)] = None,
    as_json: JSON = False,
) -> None:
    """Sum up the results of a job."""
    for path in (html, png):
        if path is not None:
            check_folder(path)
    font = None if png is None else find_chinese_font()  # also tells whether there is what draws
    with open_client(context) as client:
        job = client.job(job_id)
        summary = summarize(job.results(), by)
    if by is not None and summary.columns and by not in summary.columns:
        raise InputUnusable("column_absent", column=by, known=", ".join(islice(summary.columns, SHOWN_COLUMNS)))
    charts = make_charts(summary, job.id, read_language(), by, top)
    if html is not None:
        _save(html, write_page(charts).encode())
    if png is not None:
        if font is None and not _is_ascii(charts):
            note(say("report.no_font"))
        _save(png, draw_picture(charts, font))
    _show(charts, summary, top, as_json=as_json)


def _show(charts: Charts, summary: Summary, top: int, *, as_json: bool) -> None:
    if as_json:
        write_json(summary.to_dict(top))
        return
    draw(Text(f"{charts.title}\n{charts.subtitle}"))
    for heading, bars in (charts.labels, charts.groups):
        if bars:
            _draw_bars(heading, bars)


def _draw_bars(heading: str, bars: list[Bar]) -> None:
    draw(Text(f"\n{heading}", "bold"))
    table = Table(box=None, show_header=False, pad_edge=False)
    longest = max(bar.parts.total() for bar in bars)
    total = sum(bar.parts.total() for bar in bars)
    for bar in bars:
        count = bar.parts.total()
        share = f"{count / total:.1%}" if total else ""
        table.add_row(Text(flatten(bar.name)), _draw_bar(bar.parts, longest), f"{count:,}", share)
    draw(table)


def _draw_bar(parts: Counter[Label], longest: int) -> Text:
    line = Text()
    for label in ORDER:
        line.append("█" * round(parts[label] / longest * BAR_WIDTH), STYLES[label])
    return line


def _save(path: Path, content: bytes) -> None:
    with replace_when_whole(path) as file:
        file.write(content)
    note(say("written", path=path))


def _is_ascii(charts: Charts) -> bool:
    names = [charts.title, *(bar.name for _, bars in (charts.labels, charts.groups) for bar in bars)]
    return all(name.isascii() for name in names)
