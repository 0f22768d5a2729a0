"""What a file is, by its type or its name."""

import pytest

from api.request_errors import ContentTypeUnsupported
from api.uploads.formats import FileKind, Packing, UploadFormat, find_kind, is_upload, parse_content_encoding

CSV = "text/csv"


@pytest.mark.parametrize(
    ("media_type", "filename", "kind"),
    [
        (CSV, None, FileKind(UploadFormat.CSV)),
        (CSV, "a.xlsx", FileKind(UploadFormat.CSV)),
        (CSV, "a.csv.gz", FileKind(UploadFormat.CSV, Packing.GZIP)),
        ("application/vnd.ms-excel", "评论.CSV", FileKind(UploadFormat.CSV)),
        ("application/octet-stream", "a.b.jsonl.zst", FileKind(UploadFormat.NDJSON, Packing.ZSTD)),
        ("", "a.tsv", FileKind(UploadFormat.TSV)),
    ],
)
def test_the_type_goes_before_the_name(media_type: str, filename: str | None, kind: FileKind) -> None:
    assert find_kind(media_type, filename) == kind


@pytest.mark.parametrize(
    ("media_type", "filename"), [("image/png", "a.csv"), ("application/octet-stream", "a"), ("", None)]
)
def test_what_neither_tells_is_refused(media_type: str, filename: str | None) -> None:
    with pytest.raises(ContentTypeUnsupported, match=r"\.parquet"):
        find_kind(media_type, filename)


def test_json_is_no_upload() -> None:
    assert (is_upload("application/json"), is_upload("multipart/form-data"), is_upload(CSV)) == (False, True, True)


def test_an_unknown_packing_is_refused() -> None:
    assert parse_content_encoding(" GZIP ") is Packing.GZIP
    with pytest.raises(ContentTypeUnsupported, match="gzip, br"):
        parse_content_encoding("gzip, br")
