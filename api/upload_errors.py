"""What can be wrong with an uploaded file, or with the way it came; `api/errors.py` turns each into an answer.

Those that are `retryable` leave an upload under an `Idempotency-Key` where it is, to be gone on with.
"""

from collections.abc import Sequence

from shared.errors import SentiqError, TransientError

MAX_LISTED_COLUMNS = 50
MAX_LISTED_CHARS = 60


class ColumnUnknown(SentiqError):
    """The file has no such column."""

    code = "column_unknown"

    def __init__(self, name: str | None, there: Sequence[str], parameter: str = "text_column") -> None:
        """Say which columns there are; `name` is None if none was named and none has a name that says it."""
        self.parameter = parameter
        known = ", ".join(repr(column[:MAX_LISTED_CHARS]) for column in there[:MAX_LISTED_COLUMNS])
        more = f" and {len(there) - MAX_LISTED_COLUMNS} more" if len(there) > MAX_LISTED_COLUMNS else ""
        if name is None:
            super().__init__(
                f"Which column holds the texts? Name it with `{parameter}`. Those there are: {known}{more}."
            )
        else:
            super().__init__(f"There is no column {name[:MAX_LISTED_CHARS]!r}. Those there are: {known}{more}.")


class SheetUnknown(SentiqError):
    """The workbook has no such sheet."""

    code = "column_unknown"
    parameter = "sheet"

    def __init__(self, name: str, there: Sequence[str]) -> None:
        """Say which sheets there are."""
        known = ", ".join(repr(sheet[:MAX_LISTED_CHARS]) for sheet in there[:MAX_LISTED_COLUMNS])
        super().__init__(f"There is no sheet {name[:MAX_LISTED_CHARS]!r}. Those there are: {known}.")


class FileEmpty(SentiqError):
    """The file holds no texts: it is empty, or has a header only."""

    code = "file_empty"


class FileMalformed(SentiqError):
    """The file is not what it says it is."""

    code = "file_malformed"


class UploadTooLarge(SentiqError):
    """The file is larger than this service takes."""

    code = "body_too_large"


class TooManyTexts(SentiqError):
    """The file holds more texts than one job takes."""

    code = "too_many_texts"


class TooManyBadRows(SentiqError):
    """The file has more bad rows than `max_bad_rows` allows."""

    code = "too_many_bad_rows"


class UploadInterrupted(SentiqError):
    """The upload broke off before its end: send it again, whole, under the same `Idempotency-Key`."""

    code = "upload_interrupted"
    retryable = True


class UploadTakenOver(SentiqError):
    """Another request with this `Idempotency-Key` has come since, and goes on with the upload."""

    code = "idempotency_key_in_use"
    retry_after_seconds = 5


class TooManyUploads(TransientError):
    """As many uploads as this service takes at once are under way: try again in a moment."""

    code = "too_many_waiting"
    retry_after_seconds = 10


class StorageFull(TransientError):
    """The service has no room left on its disk for this file; nothing of it is kept without an `Idempotency-Key`."""

    code = "storage_full"
    retry_after_seconds = 60
