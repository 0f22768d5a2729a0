"""Why results are not sent, or not to their end; `api/errors.py` turns each into an answer while one can be sent."""

from shared.errors import SentiqError, TransientError


class TooManyStreams(TransientError):
    """As many downloads and streams of events as this service sends at once are on their way: try again soon."""

    code = "too_many_waiting"
    retry_after_seconds = 5


class ServiceStopping(TransientError):
    """The service is about to stop: go on behind the last result that has arrived."""

    retry_after_seconds = 2


class ExportNotWritten(TransientError):
    """The service has no room on its disk for this file: take CSV, NDJSON or Parquet, which need none, or wait."""

    code = "storage_full"
    retry_after_seconds = 60


class TooManyRows(SentiqError):
    """The format does not hold so many results."""

    code = "too_many_rows"
