"""`AsyncClient` does the same as `Client`; what both share is tested with `Client`."""

import asyncio
import inspect
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sentiq import AsyncClient, AsyncJob, Client, ConnectionFailed, ExtraMissing, Job, JobState
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, problem


def perform(fake: FakeService, story: Callable[[AsyncClient], Awaitable[None]]) -> None:
    """Run the story with a client of the played service."""

    async def run() -> None:
        async with AsyncClient(ADDRESS, transport=fake.transport, retries=QUICK) as client:
            await story(client)

    asyncio.run(run())


def test_a_job_from_submission_to_results(fake: FakeService, tmp_path: Path) -> None:
    fake.speed = 2
    told: list[int] = []

    async def story(client: AsyncClient) -> None:
        job = await client.submit(["好", "坏", "坏了", "好"])
        await job.wait(on_progress=lambda info: told.append(info.counts.finished), poll_seconds=0.001)
        fake.cuts = deque([300, 500])
        assert [result.index async for result in job.results()] == [0, 1, 2, 3]
        assert job.state is JobState.COMPLETED
        path = await job.download(tmp_path / "scored.csv")
        assert len(path.read_text(encoding="utf-8").splitlines()) == 5
        assert [found.id async for found in client.jobs()] == [job.id]
        assert (await client.job(job.id)).counts.total == 4

    perform(fake, story)

    assert told == [0, 2, 4]


def test_a_file_is_uploaded_and_sent_again_under_its_key(fake: FakeService, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes('"好"\n'.encode() * 100_000)
    fake.replies.append(problem(503, "database_unavailable", "Away."))

    async def story(client: AsyncClient) -> None:
        job = await client.submit(path)
        assert job.counts.total == 100_000

    perform(fake, story)

    assert fake.sent[0].body == fake.sent[1].body == path.read_bytes()
    assert fake.sent[0].headers["idempotency-key"] == fake.sent[1].headers["idempotency-key"]


def test_one_text_and_some(fake: FakeService) -> None:
    async def story(client: AsyncClient) -> None:
        one, some = await asyncio.gather(client.analyze("好"), client.analyze_many(["好", "坏了"]))
        assert one.label == "positive"
        assert [result.state for result in some] == ["succeeded", "failed"]

    perform(fake, story)


def test_cancel_refresh_and_delete(fake: FakeService) -> None:
    fake.speed = 1

    async def story(client: AsyncClient) -> None:
        job = await client.submit(["好"] * 3)
        assert (await job.refresh()).counts.finished == 1
        assert (await job.cancel()).state is JobState.CANCELLED
        await job.delete()
        assert [found async for found in client.jobs()] == []

    perform(fake, story)


@pytest.mark.parametrize(("usual", "awaited"), [(Client, AsyncClient), (Job, AsyncJob)])
def test_both_clients_offer_the_same(usual: type, awaited: type) -> None:
    names = [name for name in dir(usual) if not name.startswith("_")]

    assert [name for name in dir(awaited) if not name.startswith("_")] == names
    for name in names:
        one, other = getattr(usual, name), getattr(awaited, name)
        if inspect.isfunction(one):
            assert inspect.signature(other).parameters == inspect.signature(one).parameters, name


def test_without_pandas_nothing_is_read(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    async def story(client: AsyncClient) -> None:
        job = await client.submit(["好"])
        with pytest.raises(ExtraMissing):
            await job.to_pandas()

    perform(fake, story)

    assert len(fake.sent) == 1


def test_errors_are_the_same(fake: FakeService) -> None:
    async def story(client: AsyncClient) -> None:
        job = await client.submit(["好"])
        fake.cuts = deque([1] * 50)
        await job.wait()
        with pytest.raises(ConnectionFailed):
            _ = [result async for result in job.results()]

    perform(fake, story)
