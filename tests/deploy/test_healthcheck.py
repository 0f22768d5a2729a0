"""The question that a container's engine asks."""

import subprocess
import sys

from shared.settings import Settings
from tests.servers import find_free_port
from tests.service import ROOT
from worker.status_server import serve_status


def ask(port: int) -> int:
    return subprocess.run([sys.executable, ROOT / "deploy" / "healthcheck.py", str(port)], check=False).returncode


def test_a_process_that_is_well_that_is_not_and_that_is_not_there() -> None:
    health = [True]
    port = find_free_port()
    absent = ask(port)
    server = serve_status(Settings(metrics_port=port), lambda: health[0])
    assert server is not None

    well = ask(port)
    health[0] = False
    stalled = ask(port)

    server.shutdown()
    server.server_close()
    assert (absent, well, stalled) == (1, 0, 1)
