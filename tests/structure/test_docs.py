"""The documents speak of what is there."""

import re
from pathlib import Path

import pytest

from api.errors import PROBLEMS
from tests.service import ROOT

DOCUMENTS = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
PACKAGES = ("admin", "api", "embedded", "migrations", "modelkit", "shared", "worker")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_that_is_named_exists(document: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)}|tests|bench)/[a-z_/]+\.py)`", document.read_text(encoding="utf-8"))

    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_every_problem_code_is_explained() -> None:
    table = read("docs/http-api.md").partition("## 错误码 / Codes")[2]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    explained = {code: int(row[2]) for row in rows for code in re.findall(r"`([a-z_]+)`", row[1])}

    assert explained == {code: status.value for code, (status, _) in PROBLEMS.items()}


def test_every_direct_dependency_has_its_reason() -> None:
    lines = [line for line in read("requirements/serve.in").splitlines() if line and not line.startswith("#")]
    packages = {re.split(r"[\[=<>~! ]", line)[0] for line in lines}
    table = read("docs/decisions/0001-dependencies.md")

    assert [package for package in sorted(packages) if not re.search(rf"\b{re.escape(package)}\b", table)] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_setting_that_the_quickstart_names_exists() -> None:
    named = set(re.findall(r"SENTIQ_[A-Z_]+", read("docs/quickstart.md") + read("docs/http-api.md")))

    assert named - set(re.findall(r"SENTIQ_[A-Z_]+", read(".env.example"))) == set()
