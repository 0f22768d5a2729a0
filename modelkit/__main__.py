"""Lets `python -m modelkit` run the command line: a foreseen error or a stop is one line, never a traceback."""

import signal
import sys

import typer

from embedded.stopping import StopRequested, catch_stop_signals
from shared.errors import SentiqError


def main() -> None:
    """Run the command line; a signal ends it with the exit status that shells expect, 128 and its number."""
    try:
        with catch_stop_signals():
            _load_app()(prog_name="python -m modelkit")
    except (SentiqError, OSError) as err:
        sys.exit(f"modelkit: {err}")
    except StopRequested as err:
        name = "Ctrl-C" if err.number == signal.SIGINT else signal.Signals(err.number).name
        print(f"modelkit: stopped by {name}; nothing half-written is left behind.", file=sys.stderr)
        sys.exit(128 + err.number)


def _load_app() -> typer.Typer:
    # Here, as loading takes seconds in which a Ctrl-C is as likely as later; and `import` alone without the others,
    # since torch, which they load, would keep somebody waiting who has no network.
    if sys.argv[1:2] == ["import"]:
        from modelkit.importing_cli import app
    else:
        from modelkit.cli import app
    return app


main()
