"""Packed files: whole, cut off, damaged, doubled, and bombs."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
from backports import zstd

from api.upload_errors import FileMalformed, UploadTooLarge
from api.uploads.formats import Packing
from api.uploads.pieces import limit_pieces
from api.uploads.unpacking import unpack
from tests.unit.api.uploads.conftest import Read, cut, show

CONTENT = b"text\n" + "物流很快\n".encode() * 5_000
PACK: dict[Packing, Callable[[bytes], bytes]] = {Packing.GZIP: gzip.compress, Packing.ZSTD: zstd.compress}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("piece_bytes", [1, 100, 100_000])
def test_what_was_packed_comes_back(packing: Packing, piece_bytes: int) -> None:
    packed = PACK[packing](CONTENT) + PACK[packing](b"more")

    assert b"".join(unpack(cut(packed, piece_bytes), packing)) == CONTENT + b"more"


@pytest.mark.parametrize("packing", PACK)
def test_a_file_that_was_cut_off_at_any_byte_or_damaged_is_no_file(packing: Packing) -> None:
    packed = PACK[packing](CONTENT[:300])

    for length in range(1, len(packed)):
        with pytest.raises(FileMalformed):
            b"".join(unpack([packed[:length]], packing))
    with pytest.raises(FileMalformed):
        b"".join(unpack([b"text\n"], packing))


@pytest.mark.parametrize("packing", PACK)
def test_a_bomb_ends_at_the_limit_and_takes_no_memory(packing: Packing) -> None:
    bomb = PACK[packing](bytes(200_000_000))
    tracemalloc.start()

    with pytest.raises(UploadTooLarge, match="1,000,000 bytes"):
        list(map(len, limit_pieces(unpack(cut(bomb, 16_384), packing), 1_000_000)))

    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_packed_table_is_read(read: Read) -> None:
    assert show(read(gzip.compress(CONTENT), packing=Packing.GZIP)) == ["物流很快"] * 5_000
