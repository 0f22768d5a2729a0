"""`python -m admin`, or `bin/sentiq-admin`: runs one command beside the database of the service.

The exit code is 0, or 1 when the command could not do its work, or 2 when it could not be understood.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from admin.arguments import parse_arguments
from admin.commands import run_command, tell
from admin.keys import Keys
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import SentiqError
from shared.settings import load_settings

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = parse_arguments(arguments)
    os.chdir(ROOT)  # relative paths and `.env` are the repository's
    try:
        url = load_settings().resolved_database_url
    except SentiqError as err:
        return _fail(err.detail)
    database = Database(url)
    try:
        run_command(Keys(database, SystemClock()), options)
    except SentiqError as err:
        return _fail(err.detail)
    except SQLAlchemyError as err:
        shown = make_url(url).render_as_string(hide_password=True)
        return _fail(f"The database {shown} cannot be used ({type(err).__name__}): was `make migrate` run on it?")
    finally:
        database.close()
    return 0


def _fail(reason: str) -> int:
    tell(f"sentiq-admin: {reason}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
