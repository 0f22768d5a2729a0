"""Unpacks gzip and zstd as they come; a piece never grows beyond a bound, however well its bytes are packed."""

import zlib
from collections.abc import Iterable, Iterator

from backports.zstd import ZstdDecompressor, ZstdError

from api.upload_errors import FileMalformed
from api.uploads.formats import Packing

UNPACKED_BYTES = 65_536
_GZIP_WINDOW = 31  # zlib's way to say: gzip, of any window


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)

    def is_hungry(self) -> bool:
        return not self._stream.unconsumed_tail


class _Zstd:
    def __init__(self) -> None:
        self._stream = ZstdDecompressor()

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(data, max_length)

    def is_hungry(self) -> bool:
        return self._stream.needs_input or self._stream.eof


def unpack(pieces: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    """Yield what the pieces unpack to.

    Raises:
        FileMalformed: they are not packed like this, or end in the middle.
    """
    if packing is Packing.NONE:
        yield from pieces
        return
    make = _Gzip if packing is Packing.GZIP else _Zstd
    stream: _Gzip | _Zstd | None = None
    try:
        for piece in pieces:
            data = piece
            while data:
                stream = stream or make()
                yield from _drain(stream, data)
                data = stream.unused_data if stream.eof else b""
                if stream.eof:
                    stream = None
    except (zlib.error, ZstdError) as err:
        raise FileMalformed(f"The file is not packed as {packing}, or is damaged.") from err
    if stream is not None:
        raise FileMalformed(f"The file is packed as {packing} and ends in the middle.")


def _drain(stream: _Gzip | _Zstd, data: bytes) -> Iterator[bytes]:
    if unpacked := stream.decompress(data, UNPACKED_BYTES):
        yield unpacked
    while not stream.eof and not stream.is_hungry():
        if unpacked := stream.decompress(b"", UNPACKED_BYTES):
            yield unpacked
