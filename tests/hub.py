"""A small model hub on loopback that speaks as much of ModelScope's protocol as its library asks for a download.

Paths and fields are those of `modelscope_hub._legacy_api` (modelscope 1.40.2). As on the real hub, weights are not
served in place: the client is sent on to a storage, which honours ranges.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = re.compile(r"/api/v1/models/([^/]+/[^/]+)/(repo/files|revisions|repo)")
STORAGE = "/storage/"
UNKNOWN = {"Code": 10010205001, "Message": "模型不存在", "Success": False}


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for."""

    path: str
    file: str
    first_byte: int


@dataclass(slots=True)
class Hub:
    """Models by id, revision and file name; and how the hub misbehaves."""

    models: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(
        default_factory=dict
    )  # file -> at which byte each of its next answers breaks off
    damaged: set[str] = field(default_factory=set)  # files that are sent with other bytes than were listed
    silent_seconds: float = 0.0  # before any answer
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def list_fetched(self) -> list[str]:
        """Return the files whose content was asked for, in order."""
        return [request.file for request in self.requests if request.path.startswith(STORAGE)]

    def find_files(self, model_id: str, revision: str) -> Mapping[str, bytes] | None:
        """Return the content of the files of a revision."""
        return self.models.get(model_id, {}).get(revision)

    def read(self, model_id: str, revision: str, file: str) -> bytes | None:
        """Return what is sent for a file."""
        content = (self.find_files(model_id, revision) or {}).get(file)
        if content is not None and file in self.damaged:
            return bytes(byte ^ 1 for byte in content)
        return content


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Yield a hub without models; it ends with the block."""
    hub = Hub()

    class Handler(HubHandler):
        served = hub

    server = HubServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


class HubServer(ThreadingHTTPServer):
    """A server that does not mind clients who leave in the middle, as those under test do."""

    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


class HubHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    served: Hub

    def do_GET(self) -> None:
        """Answer a listing, or send a file."""
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.served.requests.append(Request(address.path, query.get("FilePath", ""), first))
        time.sleep(self.served.silent_seconds)
        if address.path.startswith(STORAGE):
            self._send_file(address.path.removeprefix(STORAGE), query, first)
        elif match := API.fullmatch(address.path):
            self._answer(match[1], match[2], query)
        else:
            self._send_json(404, UNKNOWN)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, model_id: str, what: str, query: Mapping[str, str]) -> None:
        files = self.served.find_files(model_id, query.get("Revision", ""))
        revisions = [{"Revision": name} for name in self.served.models.get(model_id, {})]
        if what == "revisions" and revisions:
            self._send_json(200, {"Code": 200, "Data": {"RevisionMap": {"Branches": revisions, "Tags": []}}})
        elif what == "repo/files" and files is not None:
            self._send_json(200, {"Code": 200, "Data": {"Files": [describe(*file) for file in files.items()]}})
        elif what == "repo" and query["FilePath"] in (files or {}):
            self.send_response(302)
            self.send_header("Location", f"{STORAGE}{model_id}?{urlsplit(self.path).query}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send_json(404, UNKNOWN)

    def _send_file(self, model_id: str, query: Mapping[str, str], first: int) -> None:
        content = self.served.read(model_id, query["Revision"], query["FilePath"])
        if content is None:
            self._send_json(404, UNKNOWN)
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        cuts = self.served.cuts.get(query["FilePath"])
        self.wfile.write(content[first : cuts.pop(0) if cuts else None])
        self.close_connection = True

    def _send_json(self, status: int, content: Mapping[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def describe(name: str, content: bytes) -> dict[str, Any]:
    """Return a file's entry in a listing."""
    digest = hashlib.sha256(content).hexdigest()
    return {"Name": name.rpartition("/")[2], "Path": name, "Size": len(content), "Sha256": digest, "Type": "blob"}
