"""Lines of bounded length, whatever ends them: LF, CR LF or CR, mixed as they may be."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from api.upload_errors import FileMalformed

_ENDS = ("\n", "\r")
MAX_LINES = 50_000_000  # a few kilobytes of gzip unpack to billions of blank ones, which would take hours to skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end; of one that was too long, its beginning."""

    number: int  # from 1
    text: str
    is_cut: bool = False


def read_lines(text: io.TextIOWrapper, max_chars: int) -> Iterator[Line]:
    """Yield the lines; what is beyond `max_chars` of one is read and dropped.

    Raises:
        FileMalformed: they are more than `MAX_LINES`.
    """
    number = 0
    # Two more for the line's end.
    while line := text.readline(max_chars + 2):
        number += 1
        if number > MAX_LINES:
            raise FileMalformed(f"The file has more than {MAX_LINES:,} lines; send it in parts.")
        is_cut = len(line) == max_chars + 2 and not line.endswith(_ENDS)
        if is_cut:
            _skip_rest(text, max_chars)
        yield Line(number, line, is_cut)


def _skip_rest(text: io.TextIOWrapper, max_chars: int) -> None:
    while (rest := text.readline(max_chars)) and not rest.endswith(_ENDS):
        continue
