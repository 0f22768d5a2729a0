"""Serves the played service on a loopback port, where connections really break."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.client.fake_service import FakeService, Reply, Sent


@contextmanager
def serve(fake: FakeService, cut_uploads_after: list[int] | None = None) -> Iterator[str]:
    """Yield the address; of each upload in turn only so many bytes are read before its connection ends."""
    cuts = list(cut_uploads_after or [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            kind = self.headers.get("Content-Type") or "application/json"
            is_upload = self.command == "POST" and kind != "application/json"
            if is_upload and length and cuts:
                self.rfile.read(min(cuts.pop(0), length))
                self.close_connection = True
                return
            body = (
                self._read_chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self.rfile.read(length)
            )
            address = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._reply(fake.answer(Sent(self.command, address.path, dict(parse_qsl(address.query)), headers, body)))

        def do_GET(self) -> None:
            self.do_POST()

        def _read_chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body if reply.cut_after is None else reply.body[: reply.cut_after])
            self.close_connection = reply.cut_after is not None

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
