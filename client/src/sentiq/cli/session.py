"""Which service the command talks to, as the options before the subcommand say."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import typer

from sentiq.cli.console import note, say
from sentiq.client import Client
from sentiq.environment import read_language, read_url
from sentiq.errors import SentiqError
from sentiq.files import explain_unreadable
from sentiq.retrying import RetryPolicy

SHOWN_PAUSE_SECONDS = 1.0  # what passes sooner needs no word


@dataclass(frozen=True, slots=True)
class Session:
    """What was given before the subcommand; the environment stands in for what was not."""

    url: str | None
    key_file: Path | None
    attempts: int

    @property
    def words(self) -> list[str]:
        """The options that another command needs to be for the same service; the environment it has anyway."""
        url = [] if self.url in (None, "", read_url()) else ["--url", str(self.url)]
        return url if self.key_file is None else [*url, "--key-file", str(self.key_file)]

    def open(self) -> Client:
        """Return a client of the service.

        A key is read from a file, or the environment, and never from the command line, which everybody on the machine
        can see.
        """
        key = None if self.key_file is None else read_secret_file(self.key_file)
        return Client(self.url or None, key, retries=RetryPolicy(attempts=self.attempts, on_retry=_tell_retry))


def get_session(context: typer.Context) -> Session:
    """Return what was given before the subcommand."""
    return cast(Session, context.obj)


def open_client(context: typer.Context) -> Client:
    """Return a client of the service that this command is for."""
    return get_session(context).open()


def _tell_retry(error: SentiqError, seconds: float) -> None:
    """Say why nothing happens for a while."""
    if seconds >= SHOWN_PAUSE_SECONDS:
        note(say("retrying", reason=error.tell(read_language()), seconds=f"{seconds:.0f}"))


def read_secret_file(path: Path) -> str:
    """Return what the file holds, without white space around it.

    Raises:
        InputUnusable: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise explain_unreadable(path, err) from err
