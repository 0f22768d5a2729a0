"""However much goes in or comes out, little of it is held."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sentiq import Client
from sentiq.uploads import SPOOL_BYTES
from tests.client.conftest import ADDRESS
from tests.client.fake_service import FakeJob, FakeService, as_json, present_result, write_rows

HELD_BYTES = 4_000_000
RESULTS = 40_000
UPLOAD_BYTES = 32_000_000


class StreamingTransport(httpx.BaseTransport):
    """Takes uploads a piece at a time, and streams one result again and again."""

    received = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for piece in request.stream if isinstance(request.stream, httpx.SyncByteStream) else ():
            self.received += len(piece)
        if request.url.path.endswith("/results"):
            stream = Lines()
            return httpx.Response(200, headers={"Content-Type": "application/x-ndjson"}, stream=stream)
        reply = as_json(FakeService().present(FakeJob("0" * 32, [], {})), 202)
        return httpx.Response(202, headers=dict(reply.headers), content=reply.body)


class Lines(httpx.SyncByteStream):
    """As many results as a large job has."""

    def __iter__(self) -> Iterator[bytes]:
        job = FakeJob("0" * 32, [{"text": "很好" * 50, "id": None, "metadata": None}], {}, done=1)
        line = write_rows([present_result(job, 0)], "ndjson", bom=False)[0]
        for _ in range(RESULTS // 100):
            yield line * 100


@pytest.fixture
def client() -> Iterator[Client]:
    """Yield a client of the streaming service."""
    with Client(ADDRESS, transport=StreamingTransport()) as made:
        made.submit(["好"])  # what is loaded once is not counted
        yield made


def test_results_are_not_kept(client: Client) -> None:
    job = client.submit(["好"])
    tracemalloc.start()

    count = sum(1 for _ in job.results())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == RESULTS
    assert peak < HELD_BYTES


def test_a_file_is_not_read_whole(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(UPLOAD_BYTES)
    tracemalloc.start()

    client.submit(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < HELD_BYTES


def test_an_iterator_of_texts_is_kept_on_disk(client: Client) -> None:
    tracemalloc.start()

    client.submit("很好" * 5_000 for _ in range(1_500))  # 45 MB
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < HELD_BYTES + 2 * SPOOL_BYTES
