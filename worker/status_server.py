"""Lets a container's engine and Prometheus look into a process that serves no HTTP otherwise.

Off unless SENTIQ_METRICS_PORT is set. It runs in a thread of its own, and answers two addresses.
"""

import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from shared.errors import SettingsError
from shared.metrics import render_process_metrics
from shared.settings import Settings

JSON = "application/json; charset=utf-8"


def serve_status(settings: Settings, is_well: Callable[[], bool] = lambda: True) -> ThreadingHTTPServer | None:
    """Serve `/metrics` and `/health/live` in the background; the latter is 503 while `is_well` says no.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    if settings.metrics_port is None:
        return None
    try:
        server = ThreadingHTTPServer((settings.host, settings.metrics_port), partial(_Handler, settings, is_well))
    except OSError as err:
        raise SettingsError(
            f"SENTIQ_METRICS_PORT: cannot listen on {settings.host}:{settings.metrics_port} ({err.strerror})."
        ) from err
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="status-server", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    timeout = 5  # seconds for a caller that says nothing

    def __init__(self, settings: Settings, is_well: Callable[[], bool], *connection: Any) -> None:
        self._settings, self._is_well = settings, is_well
        super().__init__(*connection)

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, render_process_metrics(self._settings))
        elif self.path != "/health/live":
            self._answer(HTTPStatus.NOT_FOUND, JSON, b'{"status": "not_found"}')
        elif self._is_well():
            self._answer(HTTPStatus.OK, JSON, b'{"status": "live"}')
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, JSON, b'{"status": "stalled"}')

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        """Say nothing: who asks this often would fill the log."""
