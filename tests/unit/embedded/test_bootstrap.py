"""The shell script that installs the packages, with a stand-in for Python."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.service import ROOT

# Notes what it is asked, and makes an environment that notes it too.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
    *"-m venv"*) mkdir -p "{folder}/.venv/bin" && cp "$0" "{folder}/.venv/bin/python" ;;
    *ensurepip*) exit {ensurepip} ;;
    *"pip install"*) exit {pip} ;;
esac
"""


class Checkout:
    """A folder with the script, one lock file, and a PATH that holds only the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "asked.log"
        (folder / "embedded").mkdir()
        (folder / "requirements").mkdir()
        (folder / "bin").mkdir()
        shutil.copy(ROOT / "embedded" / "bootstrap.sh", folder / "embedded")
        self.write_lock("flask==1.0")
        for tool in ("sh", "dirname", "cat", "cmp", "rm", "mkdir", "cp"):
            (folder / "bin" / tool).symlink_to(shutil.which(tool) or tool)

    def write_lock(self, content: str) -> None:
        (self.folder / "requirements" / "serve.txt").write_text(content)

    def add_python(self, *, ensurepip: int = 0, pip: int = 0) -> None:
        python = self.folder / "bin" / "python3.11"
        python.write_text(FAKE_PYTHON.format(log=self.log, folder=self.folder, ensurepip=ensurepip, pip=pip))
        python.chmod(python.stat().st_mode | stat.S_IXUSR)

    def bootstrap(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "embedded/bootstrap.sh", "serve"],
            cwd=self.folder, env={"PATH": str(self.folder / "bin")},
            capture_output=True, encoding="utf-8", timeout=20, check=False,
            restore_signals=False,  # SIGPIPE stays ignored, as under many service managers
        )  # fmt: skip

    def count_installs(self) -> int:
        return self.log.read_text().count("pip install")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_machine_without_python_gets_one_kind_line(checkout: Checkout) -> None:
    finished = checkout.bootstrap()

    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    assert "Python 3.11 or newer was not found" in finished.stderr


def test_a_python_without_venv_gets_one_kind_line(checkout: Checkout) -> None:
    checkout.add_python(ensurepip=1)

    finished = checkout.bootstrap()

    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    assert "apt install python3-venv" in finished.stderr


def test_a_failed_installation_says_what_to_do_and_is_tried_again(checkout: Checkout) -> None:
    checkout.add_python(pip=1)
    first = checkout.bootstrap()

    checkout.bootstrap()

    assert first.returncode == 1
    assert "check the network" in first.stderr
    assert checkout.count_installs() == 2


def test_packages_are_installed_with_hashes_and_nothing_beside_the_lock(checkout: Checkout) -> None:
    checkout.add_python()

    finished = checkout.bootstrap()

    assert finished.returncode == 0, finished.stderr
    assert "Installing packages" in finished.stdout
    (line,) = [line for line in checkout.log.read_text().splitlines() if "pip install" in line]
    assert "--require-hashes" in line
    assert "--no-deps" in line


def test_nothing_is_installed_or_said_when_the_lock_is_the_same(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.bootstrap()
    checkout.write_lock("flask==1.0")  # the same content with a new time, as a checkout gives it

    second = checkout.bootstrap()

    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert checkout.count_installs() == 1


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.bootstrap()
    checkout.write_lock("flask==2.0")

    checkout.bootstrap()

    assert checkout.count_installs() == 2


def test_a_long_changed_lock_is_compared_without_a_complaint(checkout: Checkout) -> None:
    checkout.add_python()
    checkout.bootstrap()
    checkout.write_lock("# longer than a pipe holds\n" * 10_000)

    finished = checkout.bootstrap()

    assert (finished.returncode, finished.stderr) == (0, "")
    assert checkout.count_installs() == 2
