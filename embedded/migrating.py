"""Brings the database up to date, in a process of its own: SQLAlchemy and Alembic are slow to load."""

import os
import re
import subprocess
import sys

from embedded.errors import LaunchError
from embedded.programs import ROOT
from embedded.state_folder import StateFolder

ERROR_LINE = re.compile(r"^[\w.]+(?:Error|Exception): \S.*", re.MULTILINE)


def migrate(state: StateFolder, environment: dict[str, str]) -> None:
    """Apply every pending migration.

    Raises:
        LaunchError: the database cannot be reached or changed.
    """
    finished = subprocess.run(
        [sys.executable, "-m", "migrations.upgrade"],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if finished.returncode == 0:
        return
    log = state.log_of("migrations")
    log.write_text(finished.stderr, encoding="utf-8")
    reason = _find_reason(finished.stderr) or f"exit code {finished.returncode}"
    raise LaunchError(
        f"数据库无法升级（{reason}）：请检查 SENTIQ_DATABASE_URL，详见 {log} / "
        f"The database cannot be brought up to date: check SENTIQ_DATABASE_URL; the whole story is in {log}."
    )


def _find_reason(story: str) -> str | None:
    """Return the last line that names an error; what follows it in a traceback only explains."""
    found = ERROR_LINE.findall(story)
    return found[-1] if found else None
