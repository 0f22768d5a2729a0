"""Performs a Dockerfile's steps in a folder of its own, without a container engine.

All stages share that folder, which stands for the root of each image. A RUN line is run by the same shell as in a
container; only the places that it names lie inside the folder, and `python` is the one that runs the tests.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$", re.MULTILINE)
PLACES = ("/opt/sentiq", "/srv/sentiq")


@dataclass(slots=True)
class Build:
    """One build of the Dockerfile of `source` under `root`."""

    source: Path
    root: Path
    workdir: str = "/"
    command_lines: list[str] = field(default_factory=list)

    def perform(self) -> None:
        """Perform every step, in order."""
        for name, arguments in INSTRUCTION.findall((self.source / "Dockerfile").read_text(encoding="utf-8")):
            step = {"WORKDIR": self._enter, "COPY": self._copy, "RUN": self._run}.get(name)
            if step is not None:
                step(arguments)

    def find(self, place: str) -> Path:
        """Return where a path of the image lies."""
        return self.root / place.lstrip("/")

    def _enter(self, place: str) -> None:
        self.workdir = place
        self.find(place).mkdir(parents=True, exist_ok=True)

    def _copy(self, arguments: str) -> None:
        if arguments.startswith("--from="):
            return  # from another stage, which lies in the same folder
        source, target = arguments.split(" ")
        for path in self._list_context():
            if source == "." or str(path) == source:
                destination = self.find(self.workdir) / (path if source == "." else Path(target) / path.name)
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.source / path, destination)

    def _list_context(self) -> list[Path]:
        """Return what .dockerignore lets into the image, of the files that git knows."""
        lines = (self.source / ".dockerignore").read_text(encoding="utf-8").splitlines()
        allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=self.source, capture_output=True, encoding="utf-8", check=True,
        ).stdout.splitlines()  # fmt: skip
        return [Path(name) for name in listed if any(name == one or name.startswith(f"{one}/") for one in allowed)]

    def _run(self, line: str) -> None:
        self.command_lines.append(line)
        for place in PLACES:
            line = line.replace(place, str(self.find(place)))
        line = re.sub(r"(?<![-/\w])python(?= )", sys.executable, line)
        subprocess.run(["sh", "-euc", line], cwd=self.find(self.workdir), check=True)
