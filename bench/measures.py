"""What is measured, one function per figure; each returns rows for the table."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench import engine
from bench.report import Row
from bench.server import ROOT, call
from bench.service import Service
from bench.texts import make_texts
from shared.settings import Settings

ROUNDS = 5
JOB_TEXTS = 5_000
SINGLE_TEXTS = 200
MEMORY_TEXTS = 100_000
# More than the workers can score while the interactive texts are measured.
SATURATING_TEXTS = 60_000
PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Tax:
    """How the service is compared with its own engine, for one model."""

    model: str
    texts: int  # of one job
    batch_tokens: int
    bar: float  # the least ratio
    rate_bar: float | None = None  # texts/s


BUNDLED_TAX = Tax("bundled model", JOB_TEXTS, batch_tokens=1_024, bar=0.85, rate_bar=400)
BASE_TAX = Tax("base size, int8", 600, batch_tokens=512, bar=0.95)


def measure_queue_tax(service: Service, settings: Settings, tax: Tax) -> list[Row]:
    """Compare the whole service with the bare engine loop, turn by turn in one run."""
    texts = make_texts(tax.texts)
    service.run_job(texts[: tax.texts // 10])
    bare, whole = [], []
    for _ in range(ROUNDS):
        bare.append(engine.measure_rate(settings, texts, tax.batch_tokens))
        whole.append(len(texts) / service.run_job(texts))
    ratios = [ours / limit for ours, limit in zip(whole, bare, strict=True)]
    ratio = statistics.median(ratios)
    rate = statistics.median(whole)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds"
    return [
        Row(f"{tax.model}: bare engine loop, texts/s", f"{statistics.median(bare):.0f}"),
        Row(
            f"{tax.model}: whole service, one job of {tax.texts:,} texts, texts/s",
            f"{rate:.0f}",
            f"≥ {tax.rate_bar:.0f}" if tax.rate_bar else "",
            rate >= tax.rate_bar if tax.rate_bar else None,
        ),
        Row(f"{tax.model}: service ÷ engine", f"{ratio:.2f} ({spread})", f"≥ {tax.bar:.2f}", ratio >= tax.bar),
    ]


def measure_interactive(service: Service, settings: Settings) -> list[Row]:
    """Time single texts on an idle system, against the bare inference, and while a bulk job saturates the workers."""
    texts = [text[:100] for text in make_texts(SINGLE_TEXTS, seed=2)]
    alone = engine.SingleEngine(settings)
    _time_singles(service, texts[:20])
    bare, idle = [], []
    for number in range(ROUNDS):  # turn by turn, since the machine's own speed changes within minutes
        share = texts[number::ROUNDS]
        bare += alone.time_ms(share, PAUSE_SECONDS)
        idle += _time_singles(service, share)
    job_id = service.submit(make_texts(SATURATING_TEXTS, seed=3))
    time.sleep(1)
    busy = _time_singles(service, texts)
    service.cancel(job_id)
    extra_ms = statistics.median(idle) - statistics.median(bare)
    limit_ms = _p95(idle) + 250
    return [
        Row("bare inference of one text, p50 ms", f"{statistics.median(bare):.1f}"),
        Row("POST /api/sentiment, idle, p50 / p95 ms", f"{statistics.median(idle):.1f} / {_p95(idle):.1f}"),
        Row("idle p50 minus bare p50, ms", f"{extra_ms:.1f}", "≤ 15", extra_ms <= 15),
        Row(
            "POST /api/sentiment under a bulk job, p50 / p95 ms",
            f"{statistics.median(busy):.1f} / {_p95(busy):.1f}",
            f"p95 ≤ {limit_ms:.0f} (idle + 250)",
            _p95(busy) <= limit_ms,
        ),
    ]


def measure_memory(service: Service) -> list[Row]:
    """Compare the resident memory after 10 and after 100,000 texts."""
    texts = make_texts(MEMORY_TEXTS, seed=4)
    service.run_job(texts[:10])
    before = service.measure_memory_mb()
    for start in range(0, MEMORY_TEXTS, JOB_TEXTS):
        service.run_job(texts[start : start + JOB_TEXTS])
    after = service.measure_memory_mb()
    return [_compare_memory(role, before[role], after[role]) for role in before]


def measure_starts() -> list[Row]:
    """Time the first and the second start in a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        first = _time_start(Path(folder))
        second = _time_start(Path(folder))
    return [
        Row("first start to ready, s", f"{first:.1f}"),
        Row("second start to ready, s", f"{second:.1f}", "≤ 5", second <= 5),
    ]


def measure_sizes(settings: Settings) -> list[Row]:
    """Add up the serving install and the model directory."""
    return [
        Row("serving install (.venv), MB", f"{_measure_folder_mb(ROOT / '.venv'):.0f}"),
        Row("bundled model, MB", f"{_measure_folder_mb(settings.model_path):.1f}", "≤ 12"),
    ]


def _time_singles(service: Service, texts: Sequence[str]) -> list[float]:
    connection, milliseconds = service.connect(), []
    for text in texts:
        started = time.perf_counter()
        status, answer = call(connection, "POST", "/api/sentiment", {"text": text})
        milliseconds.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"The service refused a text: {answer}")
        time.sleep(PAUSE_SECONDS)
    return milliseconds


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _compare_memory(role: str, before_mb: float, after_mb: float) -> Row:
    growth = after_mb / before_mb - 1
    value = f"{before_mb:.0f} → {after_mb:.0f} ({growth:+.0%})"
    return Row(f"{role} memory after 10 → 100,000 texts, MB", value, "within 10 %", growth <= 0.10)


def _time_start(folder: Path) -> float:
    service = Service(folder)
    try:
        return service.start()
    finally:
        service.stop()


def _measure_folder_mb(folder: Path) -> float:
    size = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size += path.lstat().st_size
    return size / 1e6
