"""What a worker child measures of itself: its speed for the callers' ETA, and Prometheus metrics."""

from collections import Counter as Counted
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter, Histogram

from shared.queries.claims import Outcome

SMOOTHING = 0.2

TEXTS = Counter("sentiq_texts_total", "Texts settled by workers.", ["model", "outcome"])
BATCH_TOKENS = Histogram(
    "sentiq_batch_tokens",
    "Padded tokens of a micro-batch.",
    ["model"],
    buckets=(64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384),
)
PADDING_RATIO = Histogram(
    "sentiq_batch_padding_ratio",
    "Share of a micro-batch's tokens that are padding.",
    ["model"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
)
INFERENCE_SECONDS = Histogram(
    "sentiq_inference_seconds",
    "Seconds the model took for a micro-batch.",
    ["model"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5),
)
DELIVERY_ATTEMPTS = Counter("sentiq_delivery_attempts_total", "Attempts at webhook deliveries.", ["outcome"])
DELIVERY_SECONDS = Histogram(
    "sentiq_delivery_seconds",
    "Seconds that an attempt at a webhook delivery took.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
)


def count_outcomes(model: str, outcomes: Sequence[Outcome]) -> None:
    """Count the texts that have been settled, by outcome."""
    for state, texts in Counted(outcome.state for outcome in outcomes).items():
        TEXTS.labels(model, state).inc(texts)


@dataclass(slots=True)
class Pulse:
    """What a child's heartbeat reports; written by the scoring thread, read by the heartbeat's."""

    progress_at: datetime
    texts_per_second: float = 0.0
    batch_tokens: int = 0

    def observe_speed(self, texts: int, seconds: float) -> None:
        """Take in how long a claim of `texts` texts took, start to stored; a long claim counts for more."""
        if texts <= 0 or seconds <= 0:
            return
        speed = texts / seconds
        weight = SMOOTHING * min(1.0, seconds) if self.texts_per_second else 1.0
        self.texts_per_second += weight * (speed - self.texts_per_second)
