"""What works with every release of the service: submit, wait, follow, read, cancel, list."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from sentiq import AsyncClient, Client, Conflict, JobState, NotFound, RequestRefused
from sentiq.uploads import TextInput
from tests.client.commands import make_environment

TEXTS: list[TextInput] = [
    "物流很快，包装也好。",
    "用了两天就坏了，客服也不理人。",
    {"text": "味道不错", "id": "a", "metadata": {"店": "东"}},
]


def test_one_text_is_analyzed_while_one_waits(client: Client) -> None:
    result = client.analyze("物流很快，包装也好，下次还会再来。")

    assert result.label == "positive"
    assert result.score is not None
    assert result.scores is not None
    assert result.score == max(result.scores.values())


def test_a_job_from_submission_to_its_results(client: Client) -> None:
    told: list[int] = []

    job = client.submit(TEXTS, metadata={"batch": "1"}).wait(on_progress=lambda info: told.append(info.counts.finished))
    results = list(job.results())

    assert job.state is JobState.COMPLETED
    assert told[-1] == 3
    assert [result.label for result in results] == ["positive", "negative", "positive"]
    assert (results[2].id, results[2].metadata) == ("a", {"店": "东"})
    assert job.id in [found.id for found in client.jobs()]
    assert job.to_pandas()["店"].tolist()[2] == "东"


def test_more_results_than_a_page_are_read_whole_and_from_any_place(client: Client) -> None:
    job = client.submit(["好"] * 1_000, idempotency_key="client-thousand")
    more = client.submit([f"第{n}条，很好" for n in range(1_000)]).wait()

    assert [result.index for result in more.results()] == list(range(1_000))
    assert [result.index for result in more.results(after=989)] == list(range(990, 1_000))
    assert client.submit(["好"] * 1_000, idempotency_key="client-thousand").id == job.id


def test_a_key_that_belongs_to_other_texts_is_refused(client: Client) -> None:
    client.submit(["好"], idempotency_key="client-reused")

    with pytest.raises(RequestRefused) as caught:
        client.submit(["坏"], idempotency_key="client-reused")

    assert caught.value.code == "idempotency_key_reused"


def test_cancel_and_delete(client: Client) -> None:
    job = client.submit(["好"]).wait()

    with pytest.raises(Conflict):
        job.cancel()
    job.delete()
    with pytest.raises(NotFound):
        client.job(job.id)


def test_the_asynchronous_client_does_the_same(address: str) -> None:
    async def story() -> list[str | None]:
        async with AsyncClient(address) as client:
            job = await (await client.submit(TEXTS)).wait()
            return [result.label async for result in job.results()]

    assert asyncio.run(story()) == ["positive", "negative", "positive"]


def run_command(address: str, *arguments: str, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "sentiq.cli", *arguments], env=make_environment(address), input=stdin,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_analyzes_lines(address: str) -> None:
    code, lines = run_command(address, "analyze", stdin="很好\n\n太差了\n")

    assert (code, [line["label"] for line in lines]) == (0, ["positive", "negative"])


def test_the_command_shows_reads_and_sums_up(address: str, client: Client) -> None:
    job = client.submit(TEXTS).wait()

    assert run_command(address, "show", str(job.id), "--json")[1][0]["state"] == "completed"
    assert [row["index"] for row in run_command(address, "results", str(job.id))[1]] == [0, 1, 2]
    assert run_command(address, "report", str(job.id), "--json")[1][0]["labels"] == {"positive": 2, "negative": 1}
    assert str(job.id) in [row["id"] for row in run_command(address, "jobs", "--json")[1]]
