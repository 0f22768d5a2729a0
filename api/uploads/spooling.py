"""Files that cannot be read from their beginning, since their end says what is in them: kept on disk for a while."""

import errno
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from api.upload_errors import StorageFull

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def spooling(pieces: Iterable[bytes]) -> Iterator[BinaryIO]:
    """Yield the pieces as a file in the system's folder for such (`TMPDIR`), which has no name and is gone afterwards.

    Raises:
        StorageFull: there is no room for it.
    """
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            try:
                file.write(piece)
            except OSError as err:
                if err.errno in _FULL:
                    raise StorageFull from err
                raise
        file.seek(0)
        yield file
