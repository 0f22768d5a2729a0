"""Starting and stopping a program under measurement, on a tiny one."""

import sys
from pathlib import Path

import psutil
import pytest

from bench.server import Server, find_free_port

# Answers each GET with its count, and has a child that would outlive it.
PROGRAM = """
import subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
count = 0

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global count
        count += 1
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(str(count).encode())

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_it_is_ready_after_as_many_different_answers_as_asked_and_leaves_no_child(tmp_path: Path) -> None:
    port, log = find_free_port(), tmp_path / "log"
    server = Server(command=(sys.executable, "-c", PROGRAM, str(port)), port=port, ready_answers=3, log=log)

    with server:
        assert server.process is not None
        children = psutil.Process(server.process.pid).children()

    assert log.read_text().count("GET /health") == 3
    assert server.process.poll() is not None
    assert len(children) == 1
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_a_program_that_ends_before_it_is_ready_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    server = Server(command=(sys.executable, "-c", "print('no model', flush=True)"), log=tmp_path / "log")

    with pytest.raises(RuntimeError, match=f"did not get ready; see {tmp_path / 'log'}"), server:
        pass

    assert (tmp_path / "log").read_text() == "no model\n"
