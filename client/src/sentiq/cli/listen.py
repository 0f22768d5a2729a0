"""`sentiq listen`: receives webhooks on this machine, for who writes a receiver or wonders what would come."""

import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

import typer

from sentiq.cli.console import note, say, write, write_json
from sentiq.cli.options import JSON
from sentiq.cli.session import read_secret_file
from sentiq.environment import read_language, read_webhook_secret
from sentiq.errors import InputUnusable, SignatureInvalid
from sentiq.models import WebhookEvent
from sentiq.webhooks import check_secret, verify_webhook

MAX_BODY_BYTES = 1_000_000  # events are below 20 KB
READ_SECONDS = 10


class Listener:
    """Verifies what comes, and hands on what is genuine."""

    def __init__(self, secret: str, show: Callable[[WebhookEvent, bool], None], count: int | None) -> None:
        self._secret, self._show, self._count = secret, show, count
        self._seen: set[str] = set()
        self._turn = threading.Lock()
        self.is_done = threading.Event()

    def take(self, headers: Iterable[tuple[str, str]], body: bytes) -> bool:
        """Return whether the webhook is genuine, and show it."""
        try:
            event = verify_webhook(headers, body, self._secret)
        except SignatureInvalid as err:
            note(say("refused_event", reason=err.tell(read_language())))
            return False
        with self._turn:
            self._show(event, event.id in self._seen)
            self._seen.add(event.id)
        return True

    def end_when_enough(self) -> None:
        """End the listening once as many events have come as were wanted, and were answered."""
        if self._count is not None and len(self._seen) >= self._count:
            self.is_done.set()


def listen(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help=say("help.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help=say("help.port"))] = 8_000,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", metavar="FILE", help=say("help.secret_file"))
    ] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help=say("help.count"))] = None,
    as_json: JSON = False,
) -> None:
    """Receive webhooks until Ctrl-C, or until so many have come."""
    secret = read_webhook_secret() if secret_file is None else read_secret_file(secret_file)
    listener = Listener(check_secret(secret), _write_json if as_json else _write_line, count)
    try:
        server = ThreadingHTTPServer((host, port), _make_handler(listener))
    except OSError as err:
        raise InputUnusable("port_unusable", host=host, port=port, reason=err.strerror or err) from err
    with server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        note(say("listening", url=f"http://{host}:{server.server_address[1]}/"))
        try:
            # In turns, since a wait without end would not hear Ctrl-C on every system.
            while not listener.is_done.wait(0.2):
                pass
        except KeyboardInterrupt:
            pass  # how it is meant to end
        server.shutdown()


def _make_handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self._answer(413)
                return
            body = self.rfile.read(int(length))
            self._answer(204 if listener.take(self.headers.items(), body) else 400)
            listener.end_when_enough()

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing: what comes is shown by the command."""

    return Handler


def _write_line(event: WebhookEvent, is_repeated: bool) -> None:
    counts = event.data.get("counts") or {}
    told = " ".join(f"{name}={count}" for name, count in counts.items())
    again = f" {say('repeated')}" if is_repeated else ""
    write(f"{event.timestamp:%H:%M:%S} {event.type} {event.data.get('id', '')} {told}{again}".rstrip())


def _write_json(event: WebhookEvent, is_repeated: bool) -> None:
    write_json(event.model_dump(mode="json") | {"repeated": is_repeated})
