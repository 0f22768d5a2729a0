"""Whatever happens during an import, the model directory is whole or as it was, and the reason is one line."""

import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from modelkit.errors import NoSpace
from modelkit.export import export_model
from modelkit.whole_directory import write_directory
from tests.checkpoints import FEW_TEXTS, write_checkpoint
from tests.hub import Hub
from tests.service import ROOT

SECONDS = 100
MANY_REVIEWS = "domain,label,text\n" + "酒店,1,房间很干净，服务也好\n酒店,0,客服不理人\n" * 100_000
SIGNALS = [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def existing(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a model directory that an import is told to replace, alone in its folder."""
    export_model(checkpoint, tmp_path / "models" / "tiny")
    return tmp_path / "models" / "tiny"


@contextmanager
def importing(model: str, out: Path, *options: str, limit: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Yield a running import; `limit` is the size in bytes at which the system refuses to go on writing a file."""
    texts = ["--texts", str(FEW_TEXTS)]
    process = subprocess.Popen(
        [sys.executable, "-m", "modelkit", "import", model, "--out", str(out), *texts, *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        preexec_fn=limit_files(limit) if limit else None,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def limit_files(limit: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def wait_for_line(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"{words!r} was never printed: {process.communicate()[1]}")


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("number", "status", "name"), SIGNALS)
def test_a_signal_in_the_middle_leaves_the_old_model_and_nothing_else(
    checkpoint: Path, existing: Path, tmp_path: Path, number: int, status: int, name: str
) -> None:
    (tmp_path / "dev.csv").write_text(MANY_REVIEWS, encoding="utf-8")  # measuring takes minutes
    before = read_all(existing.parent)

    with importing(str(checkpoint), existing, "--replace", "--dev", str(tmp_path / "dev.csv")) as process:
        wait_for_line(process, "measuring")
        written = [path.name for path in existing.parent.iterdir()]
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == status
    assert errors == f"modelkit: stopped by {name}; nothing half-written is left behind.\n"
    assert len(written) == 2  # the draft was there
    assert [path.name for path in existing.parent.iterdir()] == ["tiny"]
    assert read_all(existing.parent) == before


@pytest.mark.parametrize(("number", "status", "name"), SIGNALS)
def test_a_signal_ends_the_download_too(hub: Hub, tmp_path: Path, number: int, status: int, name: str) -> None:
    hub.silent_seconds = SECONDS
    options = ("--hub", hub.url, "--cache", str(tmp_path / "cache"))

    with importing("structbert-tiny", tmp_path / "models" / "tiny", *options) as process:
        helpers = wait_for_a_helper(process, hub)
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == status
    assert errors == f"modelkit: stopped by {name}; nothing half-written is left behind.\n"
    assert psutil.wait_procs(helpers, timeout=SECONDS)[1] == []
    assert not (tmp_path / "models").exists()


def wait_for_a_helper(process: subprocess.Popen[str], hub: Hub) -> list[psutil.Process]:
    """Return the processes of an import that has asked the hub something."""
    deadline = time.monotonic() + SECONDS
    while not hub.requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    helpers = psutil.Process(process.pid).children()
    assert helpers
    return helpers


def test_a_full_disk_is_told_and_nothing_is_left(checkpoint: Path, existing: Path) -> None:
    before = read_all(existing.parent)

    with importing(str(checkpoint), existing, "--replace", limit=60_000) as process:  # less than the graph needs
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert errors == (
        f"modelkit: {existing.parent} has no space left for tiny (File too large). "
        "Free some, or choose another path; what was there before is as it was.\n"
    )
    assert read_all(existing.parent) == before
    assert [path.name for path in existing.parent.iterdir()] == ["tiny"]


def test_a_full_disk_is_told_during_the_download(
    hub: Hub, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_DOWNLOAD_MAX_RETRIES", "0")  # the library tries again after this very error
    hub.models["owner/model"] = {"master": read_all(checkpoint)}
    options = ("--hub", hub.url, "--cache", str(tmp_path / "cache"))

    with importing("owner/model", tmp_path / "models" / "tiny", *options, limit=60_000) as process:
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert errors == (
        "modelkit: owner/model cannot be fetched: no space is left for pytorch_model.bin. "
        "Free some, or choose another --cache.\n"
    )
    assert not (tmp_path / "models").exists()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can make a small disk")
def test_a_disk_that_is_really_full_is_told(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this root may not mount")
    try:
        with pytest.raises(NoSpace, match=rf"{disk} has no space left for tiny \(No space left on device\)"):
            export_model(write_checkpoint(tmp_path / "checkpoint"), disk / "tiny")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_another_fault_of_the_disk_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output error"), write_directory(tmp_path / "tiny"):
        raise OSError(5, "Input/output error")

    assert list(tmp_path.iterdir()) == []


def test_a_dangerous_pickle_leaves_the_old_model_as_it_was(checkpoint: Path, existing: Path, tmp_path: Path) -> None:
    (checkpoint / "pytorch_model.bin").write_bytes(pickle.dumps(Touch(tmp_path / "trace")))
    before = read_all(existing.parent)

    with importing(str(checkpoint), existing, "--replace") as process:
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert errors.startswith(f"modelkit: {checkpoint / 'pytorch_model.bin'} is refused: ")
    assert errors.count("\n") == 1
    assert not (tmp_path / "trace").exists()
    assert read_all(existing.parent) == before


class Touch:
    """Unpickled without care, it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
        return Path.touch, (self.trace,)
