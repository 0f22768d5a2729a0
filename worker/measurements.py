"""What a worker child measures of itself: its speed for the callers' ETA, and Prometheus metrics."""

from collections import Counter as Counted
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter, Histogram

from shared.queries.claims import ClaimedText, Outcome
from shared.states import DeliveryState, DisabledReason, Lane

SMOOTHING = 0.2

CLAIMS = Counter("sentiq_claims_total", "Claims of texts by workers.", ["model", "lane"])
QUEUE_SECONDS = Histogram(
    "sentiq_queue_seconds",
    "Seconds that a text waited until a worker claimed it.",
    ["model", "lane"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0),
)
TEXTS = Counter("sentiq_texts_total", "Texts settled by workers.", ["model", "outcome"])
BATCH_SIZE = Histogram(
    "sentiq_batch_size",
    "Windows of text in a micro-batch.",
    ["model"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
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
ENDPOINTS_DISABLED = Counter("sentiq_webhooks_disabled_total", "Webhooks disabled by the service itself.", ["reason"])
DELIVERY_SECONDS = Histogram(
    "sentiq_delivery_seconds",
    "Seconds that an attempt at a webhook delivery took.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
)


SWEEPS = Counter("sentiq_sweeper_rounds_total", "Rounds of the sweeper.", ["outcome"])
REPAIRS = Counter("sentiq_sweeper_repairs_total", "Texts and deliveries that the sweeper has repaired.", ["kind"])

# What alerts look at is zero from the start: a series that begins with its first event has not increased by it.
for _counter, _values in (
    (DELIVERY_ATTEMPTS, (DeliveryState.FAILED,)),
    (ENDPOINTS_DISABLED, (DisabledReason.GONE, DisabledReason.FAILING)),
    (SWEEPS, ("done", "failed")),
    (REPAIRS, ("leases_expired",)),
):
    for _value in _values:
        _counter.labels(_value)


def count_claim(model: str, texts: Sequence[ClaimedText], now: datetime) -> None:
    """Count a claim of texts of one lane, and how long each of them has waited."""
    lane = Lane(texts[0].lane).name.lower()
    CLAIMS.labels(model, lane).inc()
    waited = QUEUE_SECONDS.labels(model, lane)
    for text in texts:
        if text.queued_at is not None:
            waited.observe(max(0.0, (now - text.queued_at).total_seconds()))


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
