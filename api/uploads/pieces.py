"""The bytes of a file as they come: pieces of bounded size, in a bounded number, and whole or not at all."""

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flask import Request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.upload_errors import UploadInterrupted, UploadTooLarge

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Gunicorn waits until it has as many as were asked for; with larger ones a slow caller's first texts would wait.
PIECE_BYTES = 16_384


def read_body(request: Request) -> Iterator[bytes]:
    """Yield the body of a request piece by piece.

    Raises:
        UploadInterrupted: the caller has gone before its end.
        UploadTooLarge: it has more bytes than `request.max_content_length`.
    """
    received = 0
    try:
        # Werkzeug takes whoever asks for more at the limit for one who has more.
        while received != request.content_length and (piece := request.stream.read(PIECE_BYTES)):
            received += len(piece)
            yield piece
    except ClientDisconnected as err:
        raise UploadInterrupted from err
    except ParseException as err:  # a connection that is cut between two chunks, too
        raise UploadInterrupted(
            "The body's chunks end too early, or are not as HTTP/1.1 (RFC 9112) wants them: send the upload again, "
            "whole, under the same `Idempotency-Key`."
        ) from err
    except RequestEntityTooLarge as err:
        limit = request.max_content_length or 0
        raise UploadTooLarge(f"The body has more than {limit:,} bytes; pack it, or send it in parts.") from err
    if request.content_length is not None and received < request.content_length:
        raise UploadInterrupted(
            f"The upload broke off after {received:,} of {request.content_length:,} bytes: "
            "send it again, whole, under the same `Idempotency-Key`."
        )


def limit_pieces(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield the pieces while they are within the limit.

    Raises:
        UploadTooLarge: they are not.
    """
    received = 0
    for piece in pieces:
        received += len(piece)
        if received > max_bytes:
            raise UploadTooLarge(f"Unpacked the file has more than {max_bytes:,} bytes; send it in parts.")
        yield piece


class PieceReader(io.RawIOBase):
    """The pieces as a file that is read once, from its beginning to its end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer with what comes next, or a part of it; return 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
