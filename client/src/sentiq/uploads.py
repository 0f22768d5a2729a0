"""Makes the bodies of submissions: files as they lie on disk, and texts as NDJSON; memory stays flat."""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sentiq.errors import InputUnusable, OutputUnwritable
from sentiq.files import explain_unreadable
from sentiq.steps import Body

TextInput = str | Mapping[str, Any]
"""A text, or an object with `text` and perhaps `id` and `metadata`."""

NDJSON = "application/x-ndjson"
CHUNK_BYTES = 256 * 1024
# What is taken from an iterator lies in memory up to this size, then on disk.
SPOOL_BYTES = 8 * 1024 * 1024
CONTENT_TYPES: Mapping[str, str] = {
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}
PACKINGS: Mapping[str, str] = {".gz": "gzip", ".zst": "zstd"}


def make_file_body(path: Path) -> Body:
    """Return the file as a body; its kind is told by its name, `.gz` and `.zst` behind it included.

    Raises:
        InputUnusable: there is no such file, or it is of no kind that the service takes.
    """
    packing = PACKINGS.get(path.suffix.lower())
    name = path.with_suffix("") if packing else path
    content_type = CONTENT_TYPES.get(name.suffix.lower())
    if content_type is None:
        known = " ".join([*CONTENT_TYPES, *(f"(+{suffix})" for suffix in PACKINGS)])
        raise InputUnusable("file_kind_unknown", path=path, known=known)
    try:
        size = os.stat(path).st_size
        with path.open("rb"):
            pass  # better said now than in the middle
    except OSError as err:
        raise explain_unreadable(path, err) from err
    return Body(lambda: _read_file(path, size), content_type, packing, size)


def make_texts_body(texts: Iterable[TextInput]) -> Body:
    """Return the texts as NDJSON, one a line.

    A sequence is gone through at each sending; of an iterator, which gives its texts once, a copy is kept till `close`.
    """
    if isinstance(texts, Sequence):
        return Body(lambda: _encode_lines(texts), NDJSON)
    # Closed by the body: it has to outlive this function.
    spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115
    try:
        for chunk in _encode_lines(texts):
            _keep(spool, chunk)
    except BaseException:
        spool.close()
        raise
    size = spool.tell()
    return Body(lambda: _read_spool(spool), NDJSON, size=size, close=spool.close)


def watch(body: Body, on_sent: Callable[[int, int | None], None]) -> Body:
    """Return the body, which says at each chunk how many bytes of how many are sent; from 0 again if sent again."""

    def tell() -> Iterator[bytes]:
        sent = 0
        for chunk in body.chunks():
            yield chunk
            sent += len(chunk)
            on_sent(sent, body.size)

    return replace(body, chunks=tell)


def encode_text(text: TextInput) -> str:
    """Return the text as one line of JSON.

    Raises:
        InputUnusable: it is no text, or holds what JSON has no word for.
    """
    if not isinstance(text, str | Mapping):
        raise InputUnusable("text_type_wrong", kind=type(text).__name__)
    try:
        value = text if isinstance(text, str) else dict(text)
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as err:
        raise InputUnusable("text_not_json", reason=err) from err


def encode_utf8(text: str) -> bytes:
    """Return the text in UTF-8.

    Raises:
        InputUnusable: half of a surrogate pair is in it.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as err:
        raise InputUnusable("text_not_encodable", reason=err) from err


def _encode_lines(texts: Iterable[TextInput]) -> Iterator[bytes]:
    chunk = bytearray()  # filled by size and not by count: a text may be long
    for text in texts:
        chunk += encode_utf8(f"{encode_text(text)}\n")
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _read_file(path: Path, size: int) -> Iterator[bytes]:
    """Yield the file, as large as it was said to be.

    Raises:
        InputUnusable: it is not any more, or cannot be read.
    """
    left = size
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except OSError as err:
        raise explain_unreadable(path, err) from err
    if left:
        raise InputUnusable("file_changed", path=path)


def _keep(spool: tempfile.SpooledTemporaryFile[bytes], chunk: bytes) -> None:
    try:
        spool.write(chunk)
    except OSError as err:
        raise OutputUnwritable("output_unwritable", path=tempfile.gettempdir(), reason=err.strerror or err) from err


def _read_spool(spool: tempfile.SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while chunk := spool.read(CHUNK_BYTES):
        yield chunk
