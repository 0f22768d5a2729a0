"""An application on real servers, and a worker that scores by one rule when a test starts it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from flask.testing import FlaskClient

from api.app import build_core, create_app
from api.core import Core
from api.listening import FinishedListener
from shared.clock import SystemClock
from shared.database import Database
from shared.queries import claims, workers
from shared.queries.claims import ClaimedText, Outcome
from shared.queries.turns import ClaimLimits
from shared.queue import CeleryTaskQueue
from shared.settings import Settings
from shared.states import ErrorCode
from worker.classifiers import Encoding
from worker.predictions import PendingText

REVISION = "0123456789ab"
POLL_SECONDS = 0.005
LABELS = ("negative", "positive")


class RuleWorker:
    """Plays a worker in a thread: finds texts with 好 positive by 0.9, others negative by 0.8, and fails 坏了.

    It concludes as the real worker does, so what it stores under a neutral band is what users get.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._queue = CeleryTaskQueue(settings)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to score whatever is queued."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the texts at hand."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self, texts_per_second: float = 100.0, model: str | None = None, **served: Any) -> None:
        """Make the worker known as alive, with these columns of its model changed."""
        now, model = SystemClock().now(), model or self._settings.model_name
        with self._database.writing() as session:
            workers.upsert_served_model(
                session,
                {
                    "name": model, "revision": REVISION, "backend": "onnx", "labels": list(LABELS),
                    "max_tokens": 256, "neutral_threshold": None, "seen_at": now,
                }
                | served,
            )  # fmt: skip
            workers.upsert_worker(
                session,
                {
                    "id": uuid4(), "model": model, "host": "test", "pid": 1, "parent_pid": 1, "batch_tokens": 1,
                    "texts_per_second": texts_per_second, "started_at": now, "seen_at": now, "progress_at": now,
                },
            )  # fmt: skip

    def score_once(self, max_texts: int = 100) -> int:
        """Claim and settle what is queued, announce what finished, and return how many texts that were."""
        claimed, limits = self.claim(max_texts)
        if claimed:
            outcomes = [self._judge(text) for text in claimed]
            with self._database.writing() as session:
                finished = claims.settle_texts(session, limits.token, outcomes, SystemClock().now())
            self._queue.announce_finished(finished)
        return len(claimed)

    def claim(self, max_texts: int = 100) -> tuple[list[ClaimedText], ClaimLimits]:
        """Claim texts without settling them."""
        now = SystemClock().now()
        lease = now + timedelta(seconds=60)
        limits = ClaimLimits(self._settings.model_name, uuid4(), lease, max_texts, max_chars=10**9)
        with self._database.writing() as session:
            return claims.claim_texts(session, limits, now).texts, limits

    def _judge(self, text: ClaimedText) -> Outcome:
        pending = PendingText(text, [Encoding((), text.text, len(text.text))])
        positive = 0.9 if "好" in text.text else 0.2
        pending.add(pending.windows[0], np.array([1 - positive, positive], dtype=np.float32))
        if "坏了" in text.text:
            pending.fail(ErrorCode.SCORING_FAILED, "The model could not score this text (ValueError).")
        if "无字" in text.text:
            pending.fail(ErrorCode.NOTHING_TO_SCORE, "The text holds no character that the model can read.")
        return pending.conclude(LABELS, f"{self._settings.model_name}@{REVISION}")

    def _run(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            self.score_once()


@pytest.fixture
def rule_worker(settings: Settings, database: Database) -> Iterator[RuleWorker]:
    """Yield a worker that does nothing until it is started."""
    worker = RuleWorker(settings, database)
    yield worker
    worker.stop()


@pytest.fixture
def core(settings: Settings) -> Iterator[Core]:
    """Yield a core whose listener hears."""
    built = build_core(settings)
    listener = FinishedListener(settings, built.room, look_up_seconds=0.02)
    listener.start()
    assert built.room.is_hearing(5)
    yield built
    listener.stop()
    built.database.close()


@pytest.fixture
def client(core: Core) -> FlaskClient:
    """Return a client of the application."""
    return create_app(core).test_client()
