"""Files: writes one whole or not at all, and says what is wrong with one."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sentiq.errors import InputUnusable, OutputUnwritable


@contextmanager
def replace_when_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file beside `path` that takes its place at the end, and is removed when something goes wrong.

    Raises:
        OutputUnwritable: there is no such folder, or no room.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the name with nothing behind it
        os.replace(part, path)
    except OSError as err:
        part.unlink(missing_ok=True)
        raise OutputUnwritable("output_unwritable", path=path, reason=err.strerror or err) from err
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_folder(path: Path) -> None:
    """Refuse a file whose folder is not there, before the work is done that should fill it.

    Raises:
        OutputUnwritable: there is no such folder, or it may not be written to.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputUnwritable("folder_absent", path=path)
    if not os.access(folder, os.W_OK):
        raise OutputUnwritable("output_unwritable", path=path, reason=os.strerror(errno.EACCES))


def explain_unreadable(path: Path, err: OSError | UnicodeDecodeError) -> InputUnusable:
    """Return the error that says why the file cannot be read."""
    if isinstance(err, FileNotFoundError):
        return InputUnusable("file_absent", path=path)
    return InputUnusable("file_unreadable", path=path, reason=getattr(err, "strerror", None) or err)
