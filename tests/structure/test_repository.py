"""Rules about the repository that no linter holds."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.service import ROOT

PACKAGES = ("admin", "api", "bench", "client", "embedded", "migrations", "modelkit", "shared", "worker")
LONG_FUNCTION_LINES = 35
EMPTY_NAMES = {"utils", "helpers", "manager", "common", "misc"}
# Put together from pieces, so that this file does not find itself.
FORBIDDEN = {
    "a registry's host": "|".join(
        [r"pypi\.o" + "rg", r"pythonhosted\.o" + "rg", r"npmjs\.(com|o" + "rg)", r"deb\.debian\.o" + "rg"]
    ),
    "a path of one machine": "|".join(["/wo" + "rk/", "/tm" + "p/w/", "/ro" + "ot/", "/ho" + "me/[a-z]"]),
    "who wrote it, or for which ticket": "|".join(
        [r"\bclau" + "de", r"anthro" + "pic", r"chatg" + "pt", r"\bcopi" + "lot", r"\bissue\s+#?\d", r"\(#\d+\)"]
    ),
}
HEAVY = ("alembic", "celery", "flask", "numpy", "onnxruntime", "redis", "sqlalchemy", "tokenizers")


@cache
def list_files() -> list[Path]:
    """Return every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def list_modules() -> list[Path]:
    return [path for path in list_files() if path.suffix == ".py"]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what].encode(), re.IGNORECASE)

    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in list_files()
        if b"\0" not in (content := path.read_bytes()) and (match := pattern.search(content))
    ]

    assert found == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        path.relative_to(ROOT)
        for path in list_modules()
        if path.stat().st_size and "versions" not in path.parts and not ast.get_docstring(ast.parse(path.read_bytes()))
    ]

    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in list_modules() if path.stem in EMPTY_NAMES] == []


def test_nine_functions_in_ten_are_short() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in list_modules()
        if path.relative_to(ROOT).parts[0] in PACKAGES and "versions" not in path.parts
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert sum(length < LONG_FUNCTION_LINES for length in lengths) >= 0.9 * len(lengths)


def test_only_the_settings_read_the_environment() -> None:
    """Handing the whole of it on to another process (`os.environ | …`) is not reading it."""
    readers = [
        path.relative_to(ROOT)
        for path in list_modules()
        if path.relative_to(ROOT).parts[0] in PACKAGES
        and re.search(r"(?<!\*\*)os\.environ(?! \|)|os\.getenv", path.read_text(encoding="utf-8"))
        and "nothing else reads" not in path.read_text(encoding="utf-8")
    ]

    assert readers == []


def test_ci_runs_exactly_make_test() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-1] == "exec make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)

    explained = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout

    assert len(targets) > 15
    assert [target for target in targets if not re.search(rf"^  {target} +\S", explained, re.MULTILINE)] == []


def test_the_launcher_loads_nothing_heavy() -> None:
    """It must be quick, and small beside the processes that it watches."""
    code = "import sys, embedded.__main__; print(*(name for name in sys.modules if '.' not in name))"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)

    assert set(HEAVY) & set(loaded.stdout.split()) == set()
