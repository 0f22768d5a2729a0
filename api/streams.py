"""Answers that are sent piece by piece, each with a seat of the waiting room, so that they never take every thread.

What goes wrong before the first piece is answered like any error. Later the status has been sent: then the connection
is cut in the middle of the body (`Transfer-Encoding: chunked` without its end), so that no caller takes a part for all.
To a caller of HTTP/1.0, as some proxies are by default, the end of the connection is the end of the body: it is reset.
"""

import errno
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from uuid import UUID

import structlog
from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from api.connections import PatientSocket, find_connection
from api.core import Core
from api.export_errors import TooManyStreams
from api.waiting import Seat
from shared.errors import SentiqError

log = structlog.get_logger(__name__)


def take_stream_seat(core: Core, job_id: UUID) -> Seat:
    """Return a seat for the caller of this request.

    Raises:
        TooManyStreams: none is free.
    """
    seat = core.room.take_stream_seat(job_id)
    if seat is None:
        raise TooManyStreams
    return seat


def respond_stream(pieces: Iterator[bytes], seat: Seat, content_type: str, headers: Mapping[str, str]) -> Response:
    """Return the answer that sends these pieces, the first computed at once; it gives the seat up at its end."""
    try:
        first = list(islice(pieces, 0 if request.method == "HEAD" else 1))
    except BaseException:
        seat.leave()
        raise
    # The connection that must be reset to be seen to break.
    unframed = find_connection(request.environ) if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0" else None
    response = Response(_send(first, pieces, unframed), headers=dict(headers), content_type=content_type)
    response.call_on_close(seat.leave)
    return response


def _send(first: Iterable[bytes], rest: Iterable[bytes], unframed: PatientSocket | None) -> Iterator[bytes]:
    yield from first
    try:
        yield from rest
    except (SentiqError, SQLAlchemyError) as err:
        log.warning("stream_broken", error=err.code if isinstance(err, SentiqError) else type(err).__name__)
        raise _cut(unframed) from err
    except Exception as err:
        log.error("stream_crashed", error=type(err).__name__, exc_info=err)
        raise _cut(unframed) from err


def _cut(unframed: PatientSocket | None) -> OSError:
    """Return the error on which the server closes the connection without another word."""
    if unframed is not None:
        unframed.abort()
    return ConnectionResetError(errno.ECONNRESET, "The rest of the answer could not be sent.")
