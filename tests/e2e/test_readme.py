"""The commands of both READMEs, run as they are written, answer as the READMEs show."""

import csv
import fcntl
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.launched import LaunchedService
from tests.service import ROOT

READMES = ("README.md", "README.en.md")
BLOCK = re.compile(r"^```(bash|json|csv)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:7860"
# The service under test was started by the first of them, these tests by the second; a fixture runs the third.
OWN_COMMANDS = {"make run\n", "make test\n", "make client\n"}


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a README and the answer shown below it."""

    readme: str
    command: str
    form: str  # of the answer: a key of READERS
    answer: str

    def __str__(self) -> str:
        return f"{self.readme}: {self.command[:40]}"


def list_examples(readme: str) -> list[Example]:
    blocks = [match.groups() for match in BLOCK.finditer((ROOT / readme).read_text(encoding="utf-8"))]
    blocks = [block for block in blocks if block[1] not in OWN_COMMANDS]
    pairs = list(zip(blocks[::2], blocks[1::2], strict=True))
    assert [(first[0], second[0] in READERS) for first, second in pairs] == [("bash", True)] * len(pairs)
    return [Example(readme, command[1], answer[0], answer[1]) for command, answer in pairs]


def read_csv(content: str) -> list[list[float | str]]:
    rows = csv.reader(content.splitlines())
    return [[float(cell) if re.fullmatch(r"\d+\.\d+", cell) else cell for cell in row] for row in rows]


READERS: dict[str, Callable[[str], Any]] = {"json": json.loads, "csv": read_csv}


@pytest.fixture(scope="session")
def client_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Install the command, as `make client` does, while no other test does."""
    with (tmp_path_factory.getbasetemp().parent / "client.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["sh", "embedded/bootstrap.sh", "client"], cwd=ROOT, timeout=300, check=True)


EXAMPLES = [example for readme in READMES for example in list_examples(readme)]


@pytest.mark.timeout(400)  # the command may have to be installed first
@pytest.mark.usefixtures("client_command")
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_command_answers_as_the_readme_shows(running_service: LaunchedService, example: Example) -> None:
    # Only the port is another: the usual one may be in use on the machine that runs the tests.
    command = example.command.replace(ADDRESS, running_service.url)

    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT, env=os.environ | {"SENTIQ_URL": running_service.url},
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip

    assert finished.returncode == 0, finished.stderr
    read = READERS[example.form]
    assert_resembles(read(finished.stdout), read(example.answer))


def test_both_readmes_have_the_same_commands_and_answers() -> None:
    chinese, english = ([(e.command, e.answer) for e in EXAMPLES if e.readme == readme] for readme in READMES)

    assert chinese == english
    assert len(chinese) == 5


@pytest.mark.parametrize("readme", READMES)
def test_the_two_commands_stand_first_and_every_link_leads_somewhere(readme: str) -> None:
    content = (ROOT / readme).read_text(encoding="utf-8")

    assert [match[2] for match in BLOCK.finditer(content)][:2] == ["make run\n", "make test\n"]
    links = re.findall(r"\]\(([^)#]+)\)", content)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def assert_resembles(got: Any, shown: Any) -> None:
    """Check that all that is shown is there: words alike, and numbers with a fraction of the same kind."""
    if isinstance(shown, dict):
        assert shown.keys() <= got.keys()
        for name, value in shown.items():
            assert_resembles(got[name], value)
    elif isinstance(shown, list):
        assert len(got) == len(shown)
        for one, other in zip(got, shown, strict=True):
            assert_resembles(one, other)
    elif isinstance(shown, float):
        assert isinstance(got, float)
        assert abs(got - shown) < 0.2
    else:
        assert got == shown
