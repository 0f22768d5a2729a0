"""Makes a directory appear whole or not at all, so that a half-written model is never found."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelkit.errors import OutputExists


@contextmanager
def write_directory(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a new empty sibling of `target` to write into; it becomes `target` only if the block succeeds.

    Raises:
        OutputExists: `target` is there already and `replace` is false.
    """
    refuse_existing(target, replace=replace)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield draft
        _publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_existing(target: Path, *, replace: bool) -> None:
    """Stop before long work whose result would have no place to go."""
    if target.exists() and not replace:
        raise OutputExists(f"{target} exists already. Choose another path, or pass --replace.")


def _publish(draft: Path, target: Path) -> None:
    draft.chmod(0o755)  # mkdtemp makes it private; a service of another user must read it
    retired = draft.with_name(draft.name + ".old")
    if target.exists():
        os.replace(target, retired)
    os.replace(draft, target)
    shutil.rmtree(retired, ignore_errors=True)
