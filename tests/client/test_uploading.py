"""What is sent when a file is submitted, or more texts than go in one piece."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sentiq import Client, InputUnusable, RequestRefused
from sentiq.operations import MAX_JSON_TEXTS
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, problem


def test_a_file_is_sent_as_it_lies_there_with_its_options_in_the_address(
    fake: FakeService, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "评论.csv"
    path.write_bytes("id,评论,shop\n1,很好,A\n2,一般,B\n".encode())

    job = client.submit(path, text_column="评论", max_bad_rows=5, neutral_band=True, metadata={"批次": 1})

    sent = fake.sent[0]
    assert sent.body == path.read_bytes()
    assert sent.headers["content-type"] == "text/csv"
    assert sent.headers["content-length"] == str(path.stat().st_size)
    assert sent.params == {
        "text_column": "评论", "max_bad_rows": "5", "neutral_band": "true", "metadata": '{"批次":1}',
        "filename": "评论.csv",
    }  # fmt: skip
    assert [result.metadata for result in job.wait().results()] == [{"shop": "A"}, {"shop": "B"}]


@pytest.mark.parametrize(
    ("name", "content_type", "encoding"),
    [
        ("a.jsonl", "application/x-ndjson", None),
        ("a.NDJSON.gz", "application/x-ndjson", "gzip"),
        ("a.tsv.zst", "text/tab-separated-values", "zstd"),
        ("a.parquet", "application/vnd.apache.parquet", None),
    ],
)
def test_the_name_tells_the_kind_of_a_file(
    fake: FakeService, client: Client, tmp_path: Path, name: str, content_type: str, encoding: str | None
) -> None:
    (tmp_path / name).write_bytes(b"x")
    fake.replies.append(problem(415, "content_type_unsupported", "Only to look at what is sent."))

    with pytest.raises(RequestRefused):
        client.submit(tmp_path / name)

    assert fake.sent[0].headers["content-type"] == content_type
    assert fake.sent[0].headers.get("content-encoding") == encoding


def test_the_encoding_of_a_file_can_be_told(fake: FakeService, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nok\n")

    client.submit(path, charset="gb18030")

    assert fake.sent[0].params["charset"] == "gb18030"


@pytest.mark.parametrize(("name", "words"), [("absent.csv", "There is no file"), ("reviews.doc", "must end in one of")])
def test_a_file_that_cannot_be_sent_is_said_before_anything_is(
    fake: FakeService, client: Client, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(InputUnusable, match=words):
        client.submit(str(tmp_path / name))

    assert fake.sent == []


def test_many_texts_and_iterators_go_as_ndjson_and_again_after_a_failure(fake: FakeService, client: Client) -> None:
    def generate() -> Iterator[str]:
        yield from ("好", "坏")

    many = ["好"] * (MAX_JSON_TEXTS + 1)
    fake.replies.extend([problem(503, "database_unavailable", "Away."), None, problem(503, "x", "Away."), None])

    assert client.submit(many).counts.total == len(many)
    assert client.submit(generate()).counts.total == 2
    assert {sent.headers["content-type"] for sent in fake.sent} == {"application/x-ndjson"}
    assert fake.sent[2].body == fake.sent[3].body == '"好"\n"坏"\n'.encode()


def test_the_upload_is_told_of_as_it_goes(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'"ok"\n' * 200_000)
    told: list[tuple[int, int | None]] = []

    client.submit(path, on_upload=lambda sent, size: told.append((sent, size)))

    size = path.stat().st_size
    assert told[-1] == (size, size)
    assert len(told) > 2
    assert told == sorted(told)


def test_few_but_long_texts_are_streamed(fake: FakeService, client: Client) -> None:
    client.submit(["好" * 100_000] * 60)

    assert fake.sent[0].headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("change", [b"", b"text\nok\nmore\n"])
def test_a_file_that_changes_while_it_is_sent_is_not_sent_again_and_again(
    fake: FakeService, client: Client, tmp_path: Path, change: bytes
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\nok\n")

    class Changing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            path.write_bytes(change)
            request.read()
            return fake.transport.handle_request(request)

    with (
        Client(ADDRESS, transport=Changing(), retries=QUICK) as sender,
        pytest.raises(InputUnusable, match="was changed"),
    ):
        sender.submit(path)

    assert fake.sent == []
