"""How gunicorn serves the API: threads, since callers wait; read by `gunicorn -c api/gunicorn_conf.py api.wsgi:app`."""

import sys
from pathlib import Path

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from shared.errors import SettingsError
from shared.exposure import refuse_open_exposure
from shared.logging import configure_logging
from shared.settings import load_settings

try:
    settings = load_settings()
except SettingsError as err:
    sys.exit(err.detail)
configure_logging(settings, "api-master")


class StructuredLogger(Logger):  # type: ignore[misc]
    """Hands gunicorn's own lines to our log, which writes them as it writes all others."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away again."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


wsgi_app = "api.wsgi:app"
proc_name = "sentiq-api"
bind = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
worker_class = "api.gunicorn_worker.PatientWorker"
sendfile = False  # it would go past the patience of our sockets
workers = settings.api_processes
threads = settings.api_threads
# Imported after the fork, so that no thread, connection or lock is inherited.
preload_app = False

# Callers that wait are sent home as soon as a process is asked to stop, so this is only for those in mid-sentence.
graceful_timeout = 5
# Longer than the longest wait, though a gthread process beats from its main loop and not from its requests.
timeout = 30
keepalive = 15
backlog = 1024
worker_connections = threads + 1000
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# The heartbeat file must never wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  a folder of the system, not of ours
control_socket_disable = True

# The application writes its own access log, without texts.
accesslog = None
loglevel = "warning"
logger_class = StructuredLogger
raw_env = [] if settings.metrics_dir is None else [f"PROMETHEUS_MULTIPROC_DIR={settings.metrics_dir.resolve()}"]


def on_starting(server: Arbiter) -> None:
    """Refuse to serve strangers without keys, and make the folder in which the processes keep their metrics."""
    # Not `settings.host`: gunicorn may have been told otherwise on its command line.
    hosts = [address[0] if isinstance(address, tuple) else str(address) for address in server.cfg.address]
    try:
        refuse_open_exposure(settings, hosts)
    except SettingsError as err:
        sys.exit(err.detail)
    if settings.metrics_dir is not None:
        settings.metrics_dir.mkdir(parents=True, exist_ok=True)


def post_worker_init(worker: Worker) -> None:
    """Let the listener see when its process is asked to stop, so that waiting callers are answered at once."""
    from api.wsgi import listener

    listener.stop_when(lambda: not worker.alive)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget the gauges of a process that has ended; its counters stay."""
    if settings.metrics_dir is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid, str(settings.metrics_dir.resolve()))  # type: ignore[no-untyped-call]
