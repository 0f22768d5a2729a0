"""Text out of bytes: in the encoding that was told, or in the one that the beginning of the file looks like.

Bytes that mean nothing in it become lone surrogates, so that only the row that holds them is bad.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from api.request_errors import ContentTypeUnsupported
from api.upload_errors import FileMalformed
from api.uploads.pieces import PieceReader

UTF_8, GB18030 = "utf-8-sig", "gb18030"
# GB 18030 holds all that GBK and GB 2312 hold, and reads them alike.
ENCODINGS = {
    "utf-8": UTF_8, "utf8": UTF_8, "us-ascii": UTF_8, "ascii": UTF_8,
    "gb18030": GB18030, "gbk": GB18030, "gb2312": GB18030, "cp936": GB18030,
}  # fmt: skip
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAMPLE_BYTES = 65_536
# Of bytes beyond ASCII, before they say in which encoding they are: the first piece may end within the first character.
TELLING_BYTES = 100
READ_BYTES = 65_536
_ESCAPED = re.compile("[\udc80-\udcff]")
_MAX_ODD_SHARE = 0.1  # of the bytes beyond ASCII; of text in the other encoding, nearly all are odd


def parse_charset(charset: str) -> str:
    """Return the encoding of this name.

    Raises:
        ContentTypeUnsupported: it is none that is read here.
    """
    try:
        return ENCODINGS[charset.strip().lower()]
    except KeyError as err:
        raise ContentTypeUnsupported(
            f"The encoding {charset[:20]!r} is not read here: save the file as UTF-8, or as GB18030 (GBK)."
        ) from err


def open_text(pieces: Iterable[bytes], encoding: str | None) -> io.TextIOWrapper:
    """Return the pieces as text with its line ends as they are, in this encoding, or in the one that is detected.

    Raises:
        FileMalformed: it is UTF-16.
    """
    source = iter(pieces)
    sample = _read_sample(source)
    if sample.startswith(_UTF_16_MARKS):
        raise FileMalformed("The file is UTF-16: save it as UTF-8, or as GB18030 (GBK).")
    reader = io.BufferedReader(PieceReader(chain([sample], source)), READ_BYTES)
    return io.TextIOWrapper(reader, encoding or detect(sample), errors="surrogateescape", newline="")


def _read_sample(source: Iterator[bytes]) -> bytes:
    """Return the beginning: as much as tells the encoding, since ASCII tells nothing and two bytes next to nothing."""
    sample, telling = b"", 0
    while len(sample) < SAMPLE_BYTES and telling < TELLING_BYTES and (piece := next(source, None)) is not None:
        sample += piece
        telling += _count_beyond_ascii(piece)
    return sample


def detect(sample: bytes) -> str:
    """Return the encoding in which the sample, which may end within a character, makes sense."""
    if _makes_sense(sample, UTF_8) or not _makes_sense(sample, GB18030):
        return UTF_8
    return GB18030


def _makes_sense(sample: bytes, encoding: str) -> bool:
    text = codecs.getincrementaldecoder(encoding)("surrogateescape").decode(sample)
    return len(_ESCAPED.findall(text)) <= _MAX_ODD_SHARE * _count_beyond_ascii(sample)


def _count_beyond_ascii(piece: bytes) -> int:
    return sum(byte > 0x7F for byte in piece)
