"""The Dockerfile's own steps, performed in a clean folder; what they make can run the service, and holds no torch."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.compose import list_own_services
from tests.deploy.dockerfile import Build
from tests.service import ROOT

# The first installation fetches 60 MB; the next ones come from pip's cache.
pytestmark = [pytest.mark.image, pytest.mark.timeout(600), pytest.mark.xdist_group("image")]

MAX_MEGABYTES = 550  # of which pyarrow takes 170
IMPORT_EVERYTHING = """
import sys
import api.wsgi, migrations.upgrade, worker.__main__, worker.courier, worker.sweeper
from shared.settings import load_settings
from worker.classifiers.loading import load_classifier
classifier = load_classifier(load_settings())
row = classifier.classify(classifier.encode(["质量很好，下次再来"])[0])[0]
print(classifier.labels[int(row.argmax())], *sorted({"torch", "transformers", "modelscope", "pip"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    made = Build(ROOT, tmp_path_factory.mktemp("image"))
    made.perform()
    return made


def run_inside(build: Build, *arguments: str, **settings: str) -> str:
    """Run the image's own Python where its processes run, and return what it prints."""
    finished = subprocess.run(
        [build.find("/opt/sentiq/bin/python"), *arguments],
        cwd=build.find("/srv/sentiq"),
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"} | settings,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_every_process_can_be_loaded_and_a_text_scored_without_torch(build: Build, tmp_path: Path) -> None:
    places = {
        "SENTIQ_STATE_DIR": str(tmp_path),
        "SENTIQ_BROKER_URL": "redis://127.0.0.1:1/0",
        "SENTIQ_MODELS_DIR": "models",
    }

    printed = run_inside(build, "-c", IMPORT_EVERYTHING, **places)

    assert printed.split() == ["positive"]


def test_nothing_of_torch_or_of_an_installer_is_in_it_and_it_is_of_bounded_size(
    build: Build, record_property: Callable[[str, object], None]
) -> None:
    files = [path for path in build.root.rglob("*") if path.is_file() and not path.is_symlink()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    record_property("megabytes", round(megabytes))
    print(f"\nthe image's own layers: {megabytes:.0f} MB")

    packages = {path.parts[-1] for path in build.find("/opt/sentiq/lib").glob("python3*/site-packages/*")}
    assert {"onnxruntime", "celery", "gunicorn"} <= packages
    assert not {"torch", "transformers", "modelscope", "pip", "pytest"} & packages
    assert megabytes < MAX_MEGABYTES


def test_only_what_runs_the_service_is_in_it(build: Build) -> None:
    inside = {path.name for path in build.find("/srv/sentiq").iterdir()}

    assert {"api", "worker", "shared", "migrations", "models", "alembic.ini", "deploy"} <= inside
    assert not {"tests", "bench", "docs", "embedded", "modelkit", ".git", ".env", "secrets", "Makefile"} & inside
    assert [path.name for path in build.find("/srv/sentiq/deploy").iterdir() if path.is_file()] == ["healthcheck.py"]


def test_the_byte_code_is_there_since_nothing_can_be_written_later(build: Build) -> None:
    for package in ("api", "shared", "worker"):
        modules = {path.stem for path in build.find(f"/srv/sentiq/{package}").glob("*.py")}
        compiled = {path.name.split(".")[0] for path in build.find(f"/srv/sentiq/{package}/__pycache__").glob("*.pyc")}
        assert modules <= compiled


def test_the_commands_of_the_compose_file_can_be_found_in_it(build: Build) -> None:
    modules = sorted({service["command"][2] for service in list_own_services().values()})

    code = "import sys, importlib.util as u; print(*(name for name in sys.argv[1:] if u.find_spec(name) is None))"

    assert run_inside(build, "-c", code, *modules).split() == []
