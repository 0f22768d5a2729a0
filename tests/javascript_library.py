"""The official JavaScript library of Standard Webhooks, installed for tests from a lock file with hashes.

It goes into `.cache` at the first run; without node or without a registry of npm packages the tests that need it are
skipped, since the service itself needs neither.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.service import ROOT

SOURCE = ROOT / "tests" / "javascript"
FILES = ("package.json", "package-lock.json", "verify.mjs")
INSTALL_SECONDS = 60


def install_javascript_library() -> Path:
    """Return a folder with the library and the script that verifies; skip the test where that cannot be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so the JavaScript library cannot be run")
    content = b"".join((SOURCE / name).read_bytes() for name in FILES)
    target = ROOT / ".cache" / f"javascript-{hashlib.sha256(content).hexdigest()[:16]}"
    if not target.exists():
        _install(target)
    return target


def _install(target: Path) -> None:
    """Install beside the target and move there at the end: another test process may be doing the same."""
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        for name in FILES:
            shutil.copy(SOURCE / name, draft)
        _run_npm(draft)
        if not target.exists():
            shutil.copytree(draft, f"{draft}-done")
            try:
                os.rename(f"{draft}-done", target)
            except OSError:
                shutil.rmtree(f"{draft}-done")  # the other process was faster


def _run_npm(folder: str) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not answer within {INSTALL_SECONDS} s, so the JavaScript library cannot be installed")
    if done.returncode != 0 and "EINTEGRITY" not in done.stderr:
        pytest.skip(f"npm cannot install the JavaScript library here: {done.stderr.strip().partition(chr(10))[0]}")
    assert done.returncode == 0, done.stderr
