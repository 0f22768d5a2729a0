"""The scorer on both databases, with a fake model and a queue that remembers."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest
from sqlalchemy.exc import OperationalError

from shared.database import Database
from shared.queries import claims, stopping
from shared.settings import Settings
from shared.states import JobState, Lane, TextState
from tests.factories import get_job, list_texts, submit
from tests.fakes import FakeClassifier, FakeClock, FakeQueue
from worker import scoring
from worker.batching import TokenBudget
from worker.classifiers import Encoding
from worker.measurements import Pulse
from worker.scoring import Scorer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


def build_scorer(
    database: Database, queue: FakeQueue, clock: FakeClock, classifier: FakeClassifier | None = None
) -> Scorer:
    return Scorer(
        settings=Settings(model="m", claim_batches=100, workers=1),
        database=database,
        queue=queue,
        classifier=classifier or FakeClassifier(),
        clock=clock,
        budget=TokenBudget(0.1, 10_000, tokens_per_second=10_000),
        pulse=Pulse(progress_at=clock.now()),
    )


def test_every_waiting_text_is_scored_and_its_job_announced(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    first = submit(database, ["很好", "很差"], clock.now())
    second = submit(database, ["还好"], clock.now())

    build_scorer(database, queue, clock).drain()

    rows = [*list_texts(database, first), *list_texts(database, second)]
    assert [row.label for row in rows] == ["positive", "negative", "positive"]
    assert [row.score for row in rows] == pytest.approx([0.9, 0.8, 0.9])
    assert {row.model_version for row in rows} == {"m@0123456789ab"}
    assert sorted(queue.finished) == sorted([first, second])


def test_one_bad_text_fails_alone(database: Database, queue: FakeQueue, clock: FakeClock) -> None:
    job_id = submit(database, ["很好", "坏了", "很差", "不可编码", "真好"], clock.now())

    build_scorer(database, queue, clock).drain()

    rows = list_texts(database, job_id)
    assert [row.state for row in rows] == ["succeeded", "failed", "succeeded", "failed", "succeeded"]
    assert [row.error_code for row in rows] == [None, "scoring_failed", None, "scoring_failed", None]
    assert "坏了" not in str(rows[1].error_detail)
    assert get_job(database, job_id).state == JobState.COMPLETED


def test_a_text_without_a_readable_character_fails_with_that_reason(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["  "], clock.now())

    build_scorer(database, queue, clock).drain()

    assert list_texts(database, job_id)[0].error_code == "nothing_to_score"


def test_a_long_text_is_averaged_over_its_windows_and_says_so(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["好" * 10 + "差" * 9], clock.now())

    build_scorer(database, queue, clock).drain()

    (row,) = list_texts(database, job_id)
    assert (row.window_count, row.token_count) == (2, 19)
    # Ten fresh tokens at 0.9, and nine in a last window that overlaps by one 好, so it is 0.9 as well.
    assert row.scores == {"negative": 0.1, "positive": 0.9}


def test_windows_weigh_by_the_tokens_that_are_new_in_them(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["差" * 10 + "差差差好"], clock.now())

    build_scorer(database, queue, clock).drain()

    (row,) = list_texts(database, job_id)
    assert row.scores is not None
    assert row.scores["positive"] == pytest.approx((10 * 0.2 + 4 * 0.9) / 14, abs=1e-5)


def test_in_one_micro_batch_each_texts_own_job_decides_what_is_neutral(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    contents, classifier = ["很好", "很差"], FakeClassifier(neutral_threshold=0.95)  # sure by 0.9 and by 0.8
    plain = submit(database, contents, clock.now())
    narrow, wide = (submit(database, contents, clock.now(), neutral_threshold=limit) for limit in (0.85, 0.95))

    build_scorer(database, queue, clock, classifier).drain()

    assert len(classifier.batches) == 1
    found = {job: list_texts(database, job) for job in (plain, narrow, wide)}
    assert [row.label for row in found[plain]] == ["positive", "negative"]
    assert [row.label for row in found[narrow]] == ["positive", "neutral"]
    assert [row.label for row in found[wide]] == ["neutral", "neutral"]
    for rows in found.values():
        assert [row.score for row in rows] == [0.9, 0.8]
        assert [row.scores for row in rows] == [{"negative": 0.1, "positive": 0.9}, {"negative": 0.8, "positive": 0.2}]


def test_a_long_text_is_neutral_by_the_average_of_its_windows(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["好" * 10 + "差" * 20], clock.now(), neutral_threshold=0.7)

    build_scorer(database, queue, clock).drain()

    (row,) = list_texts(database, job_id)
    assert row.scores is not None
    assert (row.label, row.score) == ("neutral", max(row.scores.values()))
    assert 0.5 < max(row.scores.values()) < 0.7


def test_texts_run_sorted_by_length(database: Database, queue: FakeQueue, clock: FakeClock) -> None:
    submit(database, ["一二三", "一", "一二"], clock.now())
    classifier = FakeClassifier()

    build_scorer(database, queue, clock, classifier).drain()

    assert classifier.batches == [["一", "一二", "一二三"]]


class InterruptedClassifier(FakeClassifier):
    """Receives an interactive text while its first bulk micro-batch runs."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        super().__init__()
        self._database, self._clock = database, clock

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        if not self.batches:
            submit(self._database, ["急"], self._clock.now(), lane=Lane.INTERACTIVE)
        return FakeClassifier.classify(self, batch)


def test_an_interactive_text_waits_for_one_micro_batch_only(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    submit(database, ["一二三四五六七八"] * 40, clock.now())
    classifier = InterruptedClassifier(database, clock)
    scorer = build_scorer(database, queue, clock, classifier)
    scorer.budget = TokenBudget(0.1, 64, tokens_per_second=640)

    scorer.drain()

    assert classifier.batches[1] == ["急"]
    assert sum(len(batch) for batch in classifier.batches) == 41


class BesiegedClassifier(FakeClassifier):
    """Receives another interactive text while each of its first 50 micro-batches runs."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        super().__init__()
        self._database, self._clock = database, clock

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        if len(self.batches) < 50:
            submit(self._database, ["急"], self._clock.now(), lane=Lane.INTERACTIVE)
        return FakeClassifier.classify(self, batch)


def test_bulk_gets_a_micro_batch_for_each_interactive_claim_and_no_more(
    database: Database, queue: FakeQueue, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "TICKET_SECONDS", 600)
    submit(database, ["急"], clock.now(), lane=Lane.INTERACTIVE)
    submit(database, ["一二三四五六七八"] * 40, clock.now())
    classifier = BesiegedClassifier(database, clock)
    scorer = build_scorer(database, queue, clock, classifier)
    scorer.budget = TokenBudget(0.1, 64)  # six of the bulk texts in each micro-batch

    scorer.drain()

    are_bulk = ["急" not in batch for batch in classifier.batches]
    # An interactive claim that bulk had to wait for, and then one before each of the seven micro-batches.
    assert are_bulk[:15] == [False, *[False, True] * 7]
    assert are_bulk.count(True) == 7


def test_a_busy_child_hands_its_ticket_on(
    database: Database, queue: FakeQueue, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(database, ["好"] * (scoring.MAX_CLAIMED_TEXTS + 1), clock.now())
    monkeypatch.setattr(scoring, "TICKET_SECONDS", 0)

    build_scorer(database, queue, clock).drain()

    assert queue.nudges == [("m", 1)]


class FreezingClassifier(FakeClassifier):
    """Stands still past its lease, while the sweeper takes its texts back."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        super().__init__()
        self._database, self._clock = database, clock

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        self._clock.move(60)
        with self._database.writing() as session:
            claims.take_back_expired(session, self._clock.now(), max_attempts=1, limit=100)
        return FakeClassifier.classify(self, batch)


def test_a_worker_that_lost_its_lease_stops_and_stores_nothing(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["一二三四五六七八"] * 40, clock.now())
    classifier = FreezingClassifier(database, clock)
    scorer = build_scorer(database, queue, clock, classifier)
    scorer.budget = TokenBudget(0.1, 64, tokens_per_second=640)

    scorer.drain()

    assert len(classifier.batches) == 1
    assert {row.state for row in list_texts(database, job_id)} == {TextState.FAILED}


def test_a_lease_that_is_half_gone_is_renewed(database: Database, queue: FakeQueue, clock: FakeClock) -> None:
    job_id = submit(database, ["一"], clock.now())
    scorer = build_scorer(database, queue, clock)
    claim = scorer._claim()
    assert claim is not None
    clock.move(10)

    kept = scorer._keep(claim)

    assert kept
    expires_at = list_texts(database, job_id)[0].lease_expires_at
    assert expires_at == clock.now() + timedelta(seconds=15)


def test_results_wait_out_a_database_that_is_away(
    database: Database, queue: FakeQueue, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit(database, ["很好"], clock.now())
    store, failures = claims.settle_texts, iter([OperationalError("UPDATE", {}, Exception("away"))] * 2)

    def settle_on_third_try(*args: object) -> object:
        for failure in failures:
            raise failure
        return store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "settle_texts", settle_on_third_try)

    build_scorer(database, queue, clock).drain()

    assert get_job(database, job_id).state == JobState.COMPLETED


def test_a_scorer_that_is_asked_to_stop_gives_back_what_it_has_not_begun(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["很好"] * 60, clock.now())
    classifier = FakeClassifier()
    scorer = build_scorer(database, queue, clock, classifier)
    scorer.budget = TokenBudget(0.1, 64)  # sixteen of these texts in each micro-batch
    scorer.is_stopping = lambda: len(classifier.batches) >= 2

    scorer.drain()

    rows = list_texts(database, job_id)
    job = get_job(database, job_id)
    scored = sum(len(batch) for batch in classifier.batches)
    assert 0 < scored < len(rows)
    assert sorted((row.state, row.attempts) for row in rows) == (
        [("queued", 0)] * (len(rows) - scored) + [("succeeded", 1)] * scored
    )
    assert (job.queued_count, job.running_count, job.succeeded_count) == (len(rows) - scored, 0, scored)
    assert queue.nudges == [("m", len(rows) - scored)]


def test_texts_given_back_of_a_job_that_was_cancelled_meanwhile_are_cancelled(
    database: Database, queue: FakeQueue, clock: FakeClock
) -> None:
    job_id = submit(database, ["很好"], clock.now())
    scorer = build_scorer(database, queue, clock)
    claim = scorer._claim()
    assert claim is not None
    with database.writing() as session:
        stopping.stop_jobs(session, [job_id], JobState.CANCELLED, clock.now())
    scorer.is_stopping = lambda: True

    scorer._score(claim)

    job = get_job(database, job_id)
    assert (job.state, job.cancelled_count) == (JobState.CANCELLED, 1)
    assert queue.finished == [job_id]
