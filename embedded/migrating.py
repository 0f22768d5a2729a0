"""Brings the database up to date, in a process of its own: SQLAlchemy and Alembic take most of a second to load.

So a SQLite file that is up to date already, as at every start but the first, is recognised without them.
"""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from embedded.errors import LaunchError
from embedded.programs import ROOT
from embedded.state_folder import StateFolder

SQLITE = "sqlite:///"
VERSIONS = ROOT / "migrations" / "versions"
ERROR_LINE = re.compile(r"^[\w.]+(?:Error|Exception): \S.*", re.MULTILINE)


def find_newest_revision() -> str:
    """Return the newest migration's name, by the numbers with which their files begin."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def is_up_to_date(database_url: str) -> bool:
    """Return True for a SQLite file with every migration; False for all else, and whenever in doubt."""
    if not database_url.startswith(SQLITE):
        return False
    path = Path(database_url.removeprefix(SQLITE)).absolute()
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
                (find_newest_revision(),)
            ]
    except sqlite3.Error:
        return False


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
