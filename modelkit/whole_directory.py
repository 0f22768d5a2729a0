"""Makes a directory appear whole or not at all, so that a half-written model is never found."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelkit.errors import NoSpace, OutputExists

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def write_directory(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a new empty sibling of `target` to write into; it becomes `target` only if the block succeeds.

    Raises:
        OutputExists: `target` is there already and `replace` is false.
        NoSpace: the disk is full, or the user's share of it.
    """
    refuse_existing(target, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        _publish(draft, target)
    except OSError as err:
        if err.errno not in FULL:
            raise
        raise NoSpace(
            f"{target.parent} has no space left for {target.name} ({err.strerror}). "
            "Free some, or choose another path; what was there before is as it was."
        ) from err
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_existing(target: Path, *, replace: bool) -> None:
    """Stop before long work whose result would have no place to go."""
    if target.exists() and not replace:
        raise OutputExists(f"{target} exists already. Choose another path, or pass --replace.")


def _publish(draft: Path, target: Path) -> None:
    draft.chmod(0o755)  # mkdtemp makes it private; a service of another user must read it
    retired = draft.with_name(draft.name + ".old")
    try:
        if target.exists():
            os.replace(target, retired)
        os.replace(draft, target)
    except BaseException:  # a signal too may fall between the two
        if retired.exists() and not target.exists():
            os.replace(retired, target)
        raise
    finally:
        shutil.rmtree(retired, ignore_errors=True)
