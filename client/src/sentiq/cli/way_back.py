"""Says how to come back to what was left, in commands that can be pasted."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from sentiq.cli.console import note, say
from sentiq.cli.session import Session
from sentiq.jobs import Job


@dataclass(frozen=True, slots=True)
class WayBack:
    """The way to a job of this service, whose results should go to this file."""

    session: Session
    out: Path | None
    bom: bool

    def tell(self, job: Job) -> None:
        """Say how to come back to the job."""
        shown = str(job.id)
        results = ["results", shown, "--out", str(self.out or "results.csv"), *(["--bom"] if self.bom else [])]
        commands = [results] if job.is_finished else [["show", shown, "--wait"], results]
        lines = [f"  {shlex.join(['sentiq', *self.session.words, *command])}" for command in commands]
        note(say("left_results" if job.is_finished else "left_job", job=shown, commands="\n".join(lines)))


def tell_way_to_upload() -> None:
    """Say how to go on with the upload that this command has begun."""
    words = ["sentiq", *(word for word in sys.argv[1:] if word != "--resume"), "--resume"]
    note(say("left_upload", command=shlex.join(words)))
