"""Bounds on rows whose cells may share one string: in the file it stands once, in the rows as often as it is shared."""

from collections.abc import Iterable, Iterator
from typing import Any

from api.upload_errors import UploadTooLarge
from api.uploads.columns import Cells

TOO_LONG = "This row has more characters than a row may have."


def bound_rows(rows: Iterable[tuple[int, Iterable[Any]]], max_row_chars: int, max_chars: int) -> Iterator[Cells]:
    """Yield each row, which comes as its line and its values; of one that is too long, its beginning and that.

    The values are taken one by one, so that a row of many times the same long string is never put together.

    Raises:
        UploadTooLarge: all rows together have more than `max_chars` characters.
    """
    total = 0
    for line, given in rows:
        values, chars = list[Any](), 0
        for value in given:
            values.append(value)
            chars += len(value) if isinstance(value, str) else 0
            if chars > max_row_chars:
                break
        total += chars
        if total > max_chars:
            raise UploadTooLarge(f"The rows have more than {max_chars:,} characters in all; send the file in parts.")
        yield Cells(line, values) if chars <= max_row_chars else Cells(line, values[:1], TOO_LONG)
