"""`python -m embedded`, which is what `make run` executes."""

import os
import sys
from collections.abc import Sequence

from embedded.console import complain, prepare_console, say_step
from embedded.launcher import run_service
from embedded.programs import ROOT
from embedded.stopping import StopRequested, catch_stop_signals
from embedded.tether import end_with_parent
from shared.errors import SentiqError
from shared.settings import load_settings


def main(arguments: Sequence[str]) -> int:
    """Run the service; whatever keeps it from running is one kind line on stderr and exit code 1."""
    prepare_console()
    if "--end-with-parent" in arguments:
        # `make` killed with -9 must not leave a service that nobody sees.
        end_with_parent(os.getppid())
    os.chdir(ROOT)  # relative paths and `.env` are the repository's
    try:
        with catch_stop_signals() as signals:
            run_service(load_settings(), signals)
    except StopRequested:
        say_step("已停止", "Stopped")
    except SentiqError as err:
        complain(f"✘ {err.detail}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
