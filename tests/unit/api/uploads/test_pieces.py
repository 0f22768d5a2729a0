"""Bodies that come to their end, and bodies that do not."""

import io
from typing import Any

import pytest
from flask import Request
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ChunkMissingTerminator,
    InvalidChunkSize,
    LimitRequestHeaders,
    NoMoreData,
)
from werkzeug.test import EnvironBuilder

from api.upload_errors import UploadInterrupted, UploadTooLarge
from api.uploads.pieces import read_body


class Breaking:
    """A body of which some bytes come, and then an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._came = False

    def read(self, _size: int) -> bytes:
        if self._came:
            raise self._error
        self._came = True
        return b"text\n"


def make_request(body: Any, length: int | None, limit: int = 1_000) -> Request:
    environ = EnvironBuilder(method="POST").get_environ()
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    request = Request(environ)
    request.max_content_length = limit
    return request


@pytest.mark.parametrize(
    "error", [NoMoreData(), ChunkMissingTerminator(b""), InvalidChunkSize(b"x"), LimitRequestHeaders("trailers")]
)
def test_chunks_that_end_too_early_or_are_none_break_the_upload_off(error: Exception) -> None:
    with pytest.raises(UploadInterrupted, match="under the same `Idempotency-Key`"):
        list(read_body(make_request(Breaking(error), None)))


def test_a_body_as_large_as_the_limit_is_taken_and_a_larger_one_is_not() -> None:
    body = b"x" * 1_000

    assert b"".join(read_body(make_request(io.BytesIO(body), 1_000))) == body
    for length in (1_001, None):
        with pytest.raises(UploadTooLarge, match="1,000 bytes"):
            list(read_body(make_request(io.BytesIO(body + b"x"), length)))
