"""Reading results of any number, whole, from connections that break."""

from collections import deque
from itertools import islice

import pytest

from sentiq import Client, ConnectionFailed, Job, TextState
from tests.client.conftest import QUICK, TEXTS
from tests.client.fake_service import FakeService, Reply, present_result, problem, write_rows


def measure(fake: FakeService, job: Job, kind: str) -> int:
    """Return how many bytes the results take."""
    done = fake.jobs[str(job.id)]
    return len(write_rows([present_result(done, index) for index in range(len(TEXTS))], kind, bom=False)[0])


def test_results_come_in_input_order_with_what_the_caller_sent(job: Job) -> None:
    results = list(job.results())

    assert [(result.index, result.text) for result in results] == list(enumerate(TEXTS))
    assert results[2].error is not None
    assert results[2].error.code == "scoring_failed"
    assert results[0].metadata == {"index": "mine"}


def test_a_stream_cut_at_any_byte_goes_on_behind_the_last_whole_result(fake: FakeService, job: Job) -> None:
    for cut in range(measure(fake, job, "ndjson")):
        fake.cuts = deque([cut])

        assert [result.text for result in job.results()] == TEXTS, cut


def test_a_stream_that_breaks_again_and_again_arrives_if_it_gets_on(fake: FakeService, job: Job) -> None:
    line = measure(fake, job, "ndjson") // len(TEXTS)
    fake.cuts = deque([line * 3 // 2] * (QUICK.attempts + 1))

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))


def test_a_stream_that_never_gets_on_is_given_up(fake: FakeService, job: Job) -> None:
    fake.cuts = deque([3] * 100)

    with pytest.raises(ConnectionFailed):
        list(job.results())

    assert len(fake.cuts) == 100 - QUICK.attempts


def test_a_stream_that_ends_too_early_without_a_word_goes_on(fake: FakeService, job: Job) -> None:
    done = fake.jobs[str(job.id)]
    body, kind = write_rows([present_result(done, index) for index in range(2)], "ndjson", bom=False)
    fake.replies.append(Reply(200, {"Content-Type": kind}, body))

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))


def test_a_stream_that_always_ends_too_early_is_not_taken_for_the_whole(fake: FakeService, job: Job) -> None:
    done = fake.jobs[str(job.id)]
    body, kind = write_rows([present_result(done, index) for index in range(2)], "ndjson", bom=False)
    fake.replies.extend([Reply(200, {"Content-Type": kind}, body)] + [Reply(200, {"Content-Type": kind})] * 100)

    with pytest.raises(ConnectionFailed, match="before their end"):
        list(job.results())


def test_results_are_read_as_they_are_asked_for(fake: FakeService, job: Job) -> None:
    before = len(fake.sent)
    results = job.results()
    assert len(fake.sent) == before

    assert [result.index for result in islice(results, 2)] == [0, 1]
    assert len(fake.sent) == before + 1


def test_reading_can_begin_behind_an_index_and_with_one_state(fake: FakeService, job: Job) -> None:
    assert [result.index for result in job.results(after=3)] == [4, 5]
    assert [result.index for result in job.results(state=TextState.FAILED)] == [2]


def test_a_service_without_formats_is_read_page_by_page(fake: FakeService, job: Job) -> None:
    fake.speaks_formats = False
    fake.replies.extend([None, problem(503, "database_unavailable", "Away.")])

    assert [result.index for result in job.results()] == list(range(len(TEXTS)))
    assert [result.index for result in job.results(after=3)] == [4, 5]
    assert [result.index for result in job.results(state=TextState.FAILED)] == [2]


def test_results_of_a_running_job_can_be_read(fake: FakeService, client: Client) -> None:
    fake.speed = 1
    job = client.submit(["好", "好"])
    job.refresh()

    assert [result.state for result in job.results()] == ["succeeded", "queued"]
