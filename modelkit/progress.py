"""Shows how far a long run is, on a terminal only: in a file or a pipe a moving bar would be litter."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

ShowProgress = Callable[[int, int], None]  # takes what is done, and all there is to do


def keep_silent(done: int, total: int) -> None:
    """Show nothing."""


def describe_steps(where: str, losses: Sequence[float], tokens_per_second: float, seconds_left: float) -> str:
    """Return the line that tells how far a training is; `losses` are those of the steps since the last line."""
    loss = sum(losses) / len(losses)
    return f"{where}  loss {loss:.4f}  {tokens_per_second:,.0f} tokens/s  {seconds_left / 60:.1f} minutes left"


@contextmanager
def show_progress(what: str) -> Iterator[ShowProgress]:
    """Yield a function that moves a bar on the terminal; it is gone when the block ends."""
    if not sys.stdout.isatty():
        yield keep_silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    # On stderr, so that what stdout holds is the result alone.
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what)
        yield lambda done, total: progress.update(task, completed=done, total=total)
