"""Finds the commands of docs/operations.md, so that tests run what operators are told to run."""

import re

from tests.service import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def find_command(part: str) -> str:
    """Return the one command with this part that both languages show."""
    commands = set(re.findall(rf"^    (.*{re.escape(part)}.*)$", OPERATIONS, re.MULTILINE))
    (command,) = commands
    return str(command)
