"""Fakes of the seams: a queue that remembers, a clock that is moved by hand, a model that reads one word."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from shared.queries.delivery_claims import Answer
from shared.queries.jobs import Finished
from worker.classifiers import Arithmetic, Encoding
from worker.windows import split_windows


@dataclass(slots=True)
class FakeQueue:
    """Remembers what was sent."""

    nudges: list[tuple[str, int]] = field(default_factory=list)
    finished: list[UUID] = field(default_factory=list)
    deliveries: list[UUID] = field(default_factory=list)

    def nudge(self, model: str, texts: int) -> None:
        self.nudges.append((model, texts))

    def announce_finished(self, finished: Finished) -> None:
        self.finished.extend(finished.job_ids)
        self.nudge_deliveries(finished.delivery_ids)

    def nudge_deliveries(self, delivery_ids: Iterable[UUID]) -> None:
        self.deliveries.extend(delivery_ids)


@dataclass(slots=True)
class FakeClock:
    """Stands still until it is moved."""

    time: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(slots=True)
class FakeClassifier:
    """Finds a window positive that holds 好, negative otherwise; fails on 坏了, as a broken input would."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision: str = "0123456789ab"
    arithmetic: Arithmetic = Arithmetic.FP32
    max_tokens: int = 12
    neutral_threshold: float | None = None
    batches: list[list[str]] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        if any("不可编码" in text for text in texts):
            raise ValueError("cannot encode")
        return [self._cut(text) for text in texts]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        self.batches.append([window.text for window in batch])
        if any("坏了" in window.text for window in batch):
            raise RuntimeError("broken input")
        positive = np.array([0.9 if "好" in window.text else 0.2 for window in batch], dtype=np.float32)
        return np.stack([1 - positive, positive], axis=1)

    def _cut(self, text: str) -> list[Encoding]:
        windows = split_windows(len(text.strip()), self.max_tokens - 2)
        return [
            Encoding(
                (1, *range(10, 10 + window.stop - window.start), 2), text[window.start : window.stop], window.fresh
            )
            for window in windows
        ]


@dataclass(slots=True)
class FakeSender:
    """Gives these answers in turn, the last one for ever, and remembers what it sent."""

    answers: Sequence[Answer] = (Answer(200),)
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    while_sending: Callable[[], None] = lambda: None

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = self.answers[min(len(self.sent), len(self.answers) - 1)]
        self.sent.append((url, dict(headers), body))
        self.while_sending()
        return answer
