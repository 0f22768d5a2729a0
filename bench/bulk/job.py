"""One job of a million texts, from a table to a table, by the command `sentiq` and the service of `make run`."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.report import Row
from bench.server import ROOT, call
from bench.service import Service

COMMAND = ROOT / ".venv-client" / "bin" / "sentiq"
SAMPLE_SECONDS = 1.0
WARM_TEXTS = 10_000  # from here on memory must stay as it is
SPAN = 10  # the first tenth of the time after the last text had arrived, and the last
MOST_GROWTH = 0.10
SELF_CHECK_TEXTS = 1  # of the job by which the service checks itself when it starts


@dataclass(frozen=True, slots=True)
class Sample:
    """The job and the processes at one moment."""

    seconds: float
    done: int
    receiving: bool
    memory_mb: dict[str, float]


def measure_job(table: Path, count: int) -> list[Row]:
    """Submit the table by the command and watch all of it until the results are written."""
    with tempfile.TemporaryDirectory() as name, Service(Path(name)) as service:
        samples = _run(service, table, Path(name) / "scored.csv", count)
    scoring = [sample for sample in samples if not sample.receiving and sample.done < count]
    first, last = (_measure_rate(part) for part in _cut_ends(scoring))
    uploaded = next(sample.seconds for sample in samples if not sample.receiving)
    whole = count / samples[-1].seconds
    return [
        Row(f"one job of {count:,} short texts, whole command, texts/s", f"{whole:,.0f}", "completes", True),
        Row("  upload, while texts are being scored, texts/s", f"{count / uploaded:,.0f}"),
        Row(
            "  rate in the first → in the last tenth after the upload, texts/s",
            f"{first:,.0f} → {last:,.0f}",
            "within 10 %",
            abs(last / first - 1) <= MOST_GROWTH,
        ),
        *(_compare_memory(samples, role) for role in ("api", "worker", "client")),
    ]


def _run(service: Service, table: Path, out: Path, count: int) -> list[Sample]:
    """Return samples until the command has ended well."""
    words: list[str | Path] = [COMMAND, "submit", table, "--text-column", "评论", "--out", out, "--json"]
    started, samples = time.perf_counter(), list[Sample]()
    own = {"SENTIQ_URL": f"http://127.0.0.1:{service.port}", "HOME": str(out.parent)}
    with subprocess.Popen(words, env=os.environ | own, stdout=subprocess.DEVNULL) as command:
        look = _make_look(service, psutil.Process(command.pid))
        while command.poll() is None:
            with suppress(psutil.NoSuchProcess, LookupError):
                samples.append(Sample(time.perf_counter() - started, *look()))
            time.sleep(SAMPLE_SECONDS)
    with out.open(encoding="utf-8") as file:
        lines = sum(1 for _ in file)
    if command.returncode != 0 or lines != count + 1 or samples[-1].done != count:
        raise RuntimeError(f"The command ended with {command.returncode} and wrote {lines:,} lines: no figure.")
    return samples


def _make_look(service: Service, command: psutil.Process) -> Callable[[], tuple[int, bool, dict[str, float]]]:
    """Return what looks at the job of the command; LookupError: it is not there yet."""
    connection = service.connect()

    def look() -> tuple[int, bool, dict[str, float]]:
        _, page = call(connection, "GET", "/v1/jobs?limit=10")
        job = next((job for job in page["data"] if job["counts"]["total"] > SELF_CHECK_TEXTS), None)
        if job is None:
            raise LookupError
        memory = service.measure_memory_mb() | {"client": command.memory_info().rss / 1e6}
        return job["counts"]["succeeded"], job["receiving"], memory

    return look


def _cut_ends(scoring: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Return the first tenth of the samples, and the last."""
    size = max(2, len(scoring) // SPAN)
    return scoring[:size], scoring[-size:]


def _measure_rate(samples: Sequence[Sample]) -> float:
    return (samples[-1].done - samples[0].done) / (samples[-1].seconds - samples[0].seconds)


def _compare_memory(samples: Sequence[Sample], role: str) -> Row:
    """Compare the memory when the first texts were done with the most that it came to."""
    warm = [sample.memory_mb[role] for sample in samples if sample.done >= WARM_TEXTS]
    growth = max(warm) / warm[0] - 1
    value = f"{warm[0]:.0f} → {max(warm):.0f} ({growth:+.0%})"
    return Row(f"  {role} memory from {WARM_TEXTS:,} texts on, MB", value, "within 10 %", growth <= MOST_GROWTH)
