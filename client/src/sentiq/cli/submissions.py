"""Remembers submissions that are not finished, so that `--resume` can go on with them, even after a power cut.

One small file each, in the folder that the system has for such things; it goes when the results are there.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import typer
from pydantic import BaseModel, ValidationError

from sentiq.errors import OutputUnwritable
from sentiq.files import explain_unreadable, replace_when_whole


class Remembered(BaseModel):
    """A submission: its key, and its job once it is known."""

    key: str
    job_id: UUID | None = None


class Submissions:
    """What is remembered of one file, sent to one service with one set of options.

    A file that has changed since is another one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, file: Path, url: str, options: Mapping[str, Any]) -> Self:
        """Return the place of this submission.

        Raises:
            InputUnusable: there is no such file.
        """
        try:
            status = file.stat()
        except OSError as err:
            raise explain_unreadable(file, err) from err
        facts = [str(file.resolve()), status.st_size, status.st_mtime_ns, url, sorted(options.items())]
        digest = hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()
        return cls(Path(typer.get_app_dir("sentiq")) / "submissions" / f"{digest}.json")

    def find(self) -> Remembered | None:
        """Return what is remembered, or None."""
        try:
            return Remembered.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None  # never begun, finished, or cut off while it was written

    def remember(self, submission: Remembered) -> None:
        """Keep it, whole or not at all.

        Raises:
            OutputUnwritable: the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as err:
            raise OutputUnwritable("output_unwritable", path=self._path.parent, reason=err.strerror or err) from err
        with replace_when_whole(self._path) as file:
            file.write(submission.model_dump_json().encode())

    def forget(self) -> None:
        """Remember it no more."""
        self._path.unlink(missing_ok=True)
