"""The table of programs that make up the service, each started and watched by the supervisor."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from embedded.broker import EmbeddedBroker
from embedded.state_folder import StateFolder
from shared.settings import Settings

ROOT = Path(__file__).parent.parent
BROKER = "broker"
# Every program carries this in its environment, so that the next launcher finds what a killed one has left.
MARK = "SENTIQ_LAUNCHED_IN"


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    stop_seconds: int = 10  # then it is killed, with its children; most need less than one
    environment: Mapping[str, str] = field(default_factory=dict)


def list_programs(settings: Settings, broker: EmbeddedBroker | None) -> list[Program]:
    """Return what to run: the broker first, unless the settings name another."""
    threads = str(settings.threads_per_worker)
    one_model_each = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), threads
    )
    own = [Program(BROKER, broker.command)] if broker else []
    return [
        *own,
        Program("api", _python("gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:app")),
        # What it has scored it tries to store for as long as the lease lasts.
        Program(
            "worker",
            _python("worker"),
            stop_seconds=min(60, ceil(settings.lease_seconds) + 5),
            environment=one_model_each,
        ),
        # What it has begun to deliver it ends.
        Program("courier", _python("worker.courier"), stop_seconds=ceil(settings.webhook_timeout_seconds) + 15),
        Program("sweeper", _python("worker.sweeper")),
    ]


def build_environment(state: StateFolder, broker: EmbeddedBroker | None) -> dict[str, str]:
    """Return what every program gets on top of the launcher's own environment."""
    # The address of another broker the programs read themselves: it may be a secret that lies in a file.
    own_broker = {"SENTIQ_BROKER_URL": broker.url} if broker else {}
    return own_broker | {
        MARK: str(state.path),
        "PYTHONUTF8": "1",
        "SENTIQ_STATE_DIR": str(state.path),
        "SENTIQ_METRICS_DIR": str(state.metrics),
        "SENTIQ_METRICS_PORT": "",  # one port could serve one of them only, and the API shows the metrics of all
        # Read by prometheus_client when it is imported, in each process.
        "PROMETHEUS_MULTIPROC_DIR": str(state.metrics),
        # With an arena for each of its many threads, glibc keeps tens of megabytes of a large request for ever.
        "MALLOC_ARENA_MAX": "2",
    }


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
