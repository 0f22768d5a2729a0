"""A long file takes no more memory than a short one, nor does the memory of its texts."""

import tracemalloc
from collections.abc import Iterator

import pytest

from api.services.chunks import Tally, cut
from api.uploads.columns import Wanted
from api.uploads.formats import FileKind, UploadFormat
from api.uploads.reading import read_texts

PIECE_ROWS = 100


def make_pieces(upload_format: UploadFormat, rows: int) -> Iterator[bytes]:
    if upload_format is UploadFormat.CSV:
        yield b"text,n\n"
    pattern = "第{}条评论,{}\n" if upload_format is UploadFormat.CSV else '{{"text": "第{}条评论", "n": {}}}\n'
    for first in range(0, rows, PIECE_ROWS):
        yield "".join(pattern.format(number, number) for number in range(first, first + PIECE_ROWS)).encode()


@pytest.mark.parametrize("upload_format", [UploadFormat.CSV, UploadFormat.NDJSON])
def test_memory_stays_flat(upload_format: UploadFormat) -> None:
    peaks = []
    for rows in (10_000, 100_000):
        tally = Tally(max_texts=rows, max_bad_rows=None)
        texts = read_texts(make_pieces(upload_format, rows), FileKind(upload_format), None, Wanted(), 10**9)
        tracemalloc.start()
        count = sum(len(chunk) for chunk in cut(texts, tally))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        tally.close()
        assert count == rows

    assert peaks[1] < 1.1 * peaks[0]
