"""Files for the fuzzer to upload: tables and lines, workbooks and Parquet, whole and damaged, and bytes that are none.

Loaded by schemathesis through hooks.py: it can make up JSON by itself, and files not.
"""

import csv
import io
import json
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import schemathesis
from hypothesis import strategies as st
from schemathesis.transport import register_serializer
from urllib3.filepost import encode_multipart_formdata

from api.upload_document import UNKNOWN_TYPE
from api.uploads.formats import MEDIA_TYPES, MULTIPART
from api.uploads.multipart import FILE_FIELD

_ROWS = [["text", "n"], ["很好", 1], ["差", None]]
_cells = st.text(max_size=20)


def _write_table(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["text", "n"], *rows])
    return buffer.getvalue().encode()


def _write_lines(values: list[Any]) -> bytes:
    return "".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values).encode()


def _write_workbook() -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in _ROWS:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def _write_parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["很好", None], "n": [1, 2]}), buffer)
    return buffer.getvalue()


@st.composite
def _damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the content with up to four of its bytes changed."""
    damaged = bytearray(content)
    for place in draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        damaged[place] = draw(st.integers(0, 255))
    return bytes(damaged)


FILES: st.SearchStrategy[bytes] = st.one_of(
    st.lists(st.lists(_cells, min_size=1, max_size=3), max_size=5).map(_write_table),
    st.lists(_cells | st.fixed_dictionaries({"text": _cells}, optional={"id": _cells}), max_size=5).map(_write_lines),
    _damage(_write_workbook()),
    _damage(_write_parquet()),
    st.binary(max_size=200),
)


def _write_form(_context: Any, value: Any) -> dict[str, Any]:
    """Return the form with its file behind the options, where no schema can say that it belongs."""
    if not isinstance(value, dict):
        return {"data": str(value).encode(), "headers": {"Content-Type": MULTIPART}}
    fields = {name: _write_part(part) for name, part in value.items()}
    parts: list[tuple[str, bytes | tuple[str, bytes]]] = [
        (name, content) for name, content in fields.items() if name != FILE_FIELD
    ]
    if FILE_FIELD in fields:
        parts.append((FILE_FIELD, ("a.csv", fields[FILE_FIELD])))
    body, content_type = encode_multipart_formdata(parts)
    return {"data": body, "headers": {"Content-Type": content_type}}


def _write_part(value: Any) -> bytes:
    data = getattr(value, "data", value)  # schemathesis wraps bytes
    if isinstance(data, bytes):
        return data
    return (data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)).encode(errors="replace")


# Not by its decorator, for which the content type's boundary would be lost.
register_serializer(_write_form, MULTIPART)
schemathesis.openapi.format("binary", FILES)
for _media_type in (*MEDIA_TYPES, UNKNOWN_TYPE):
    schemathesis.openapi.media_type(_media_type, FILES)
