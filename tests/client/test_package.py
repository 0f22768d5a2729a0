"""The package installs by itself, and brings what its pyproject.toml says."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import sentiq
from tests.service import ROOT

CLIENT = ROOT / "client"


def test_the_wheel_holds_the_package_its_types_and_the_command(tmp_path: Path) -> None:
    # A copy, since building leaves files beside the sources.
    shutil.copytree(CLIENT, tmp_path / "client", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))

    code = "import setuptools.build_meta as backend, sys; print(backend.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], cwd=tmp_path / "client", check=True,
        capture_output=True,
    )  # fmt: skip

    (wheel,) = tmp_path.glob("sentiq-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    sources = {str(path.relative_to(CLIENT / "src")) for path in (CLIENT / "src").rglob("*.py")}
    assert sources | {"sentiq/py.typed"} <= set(names)
    assert "sentiq = sentiq.cli.main:main" in entry_points


def test_it_needs_four_packages_and_imports_no_other() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    code = "import sys, sentiq, sentiq.cli.main; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=CLIENT / "src", check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()

    assert {line.split(">")[0] for line in project["dependencies"]} == {"httpx", "pydantic", "rich", "typer"}
    assert {"pandas", "matplotlib", "numpy", "flask", "sqlalchemy", "shared", "api", "standardwebhooks"} & set(
        loaded
    ) == set()


def test_all_that_is_named_in_public_is_there_and_explained() -> None:
    for name in sentiq.__all__:
        assert getattr(sentiq, name).__doc__, name
