"""Installs what each baseline needs into an environment of its own, once; the service's own are never touched."""

import subprocess
import sys
from pathlib import Path

from bench.server import ROOT

BASELINES = ROOT / "bench" / "baselines"
TORCH_LOCK = ROOT / "requirements" / "torch.txt"


def prepare_environment(folder: Path, name: str, *, with_torch: bool) -> Path:
    """Return the Python of baseline `name`, after installing its lock unless that is done.

    Raises:
        subprocess.CalledProcessError: the packages could not be had; pip has said why.
    """
    environment, lock = folder / f"{name}-env", BASELINES / name / "requirements.txt"
    python, record = environment / "bin" / "python", environment / "installed-lock.txt"
    wanted = (TORCH_LOCK.read_text() if with_torch else "") + lock.read_text()
    if record.exists() and record.read_text() == wanted:
        return python
    sys.stderr.write(f"Installing what {name} needs into {environment}; some minutes, once\n")
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    if with_torch:
        _install(python, "-r", TORCH_LOCK)  # its hash differs from machine to machine
    _install(python, "--require-hashes", "-r", lock)
    record.write_text(wanted)
    return python


def _install(python: Path, *arguments: str | Path) -> None:
    options = ("-qq", "--disable-pip-version-check", "--no-input", "--no-deps")
    subprocess.run([python, "-m", "pip", "install", *options, *arguments], check=True)
