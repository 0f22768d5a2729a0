"""Forms in pieces of any size, and forms that are none."""

import pytest

from api.request_errors import BodyInvalid
from api.uploads.multipart import read_form
from tests.unit.api.uploads.conftest import cut

CONTENT = b"text\n" + b"fine\n" * 60_000


def make_form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(f"--b\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts) + b"--b--\r\n"


FILE = ('Content-Disposition: form-data; name="file"; filename="a.csv"', CONTENT)
MODEL = ('Content-Disposition: form-data; name="model"', b"m")


@pytest.mark.parametrize("piece_bytes", [997, 16_384, 65_536])  # the last as they are unpacked
def test_a_form_is_read_in_pieces_of_any_size(piece_bytes: int) -> None:
    form = read_form(cut(make_form(MODEL, FILE), piece_bytes), "b")

    assert (form.fields, form.filename, b"".join(form.pieces)) == ({"model": "m"}, "a.csv", CONTENT)


@pytest.mark.parametrize(
    "parts",
    [
        [("Content-Disposition: form-data", b"x"), FILE],
        [('Content-Disposition: form-data; filename="a.csv"', b"x"), FILE],
        [("Content-Type: text/csv", b"x"), FILE],
        [MODEL, MODEL, FILE],
        [MODEL],
        [FILE, ("Content-Disposition: form-data", b"x")],
    ],
)
def test_a_form_that_is_none_is_refused(parts: list[tuple[str, bytes]]) -> None:
    with pytest.raises(BodyInvalid):
        b"".join(read_form(cut(make_form(*parts), 16_384), "b").pieces)
