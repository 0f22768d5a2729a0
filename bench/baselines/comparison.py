"""Measures the contenders turn by turn, and makes the table's rows of it."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from bench.baselines.contenders import (
    ARTICLE_PROCESSES,
    BEST_BATCHING,
    CLIENTS,
    DOCUMENTED_BATCHING,
    PREDICT_PATH,
    SENTIMENT_PATH,
    Contenders,
)
from bench.baselines.load import Answers, choose_evenly, send_singly
from bench.report import Row
from bench.server import Server
from bench.texts import make_texts

ARTICLE_CLIENTS = 2 * ARTICLE_PROCESSES  # one text in work and one waiting for each process; more would only wait
LONGEST_COMPARED_CHARS = 500  # longer texts are cut by the others, and scored in windows by sentiq


class Way(StrEnum):
    """The ways that texts are scored."""

    ARTICLE = "article's service"
    UNPADDED = "article's, unpadded"
    UNPADDED_ONE_THREAD = "article's, unpadded, one thread a process"
    LITSERVE = "LitServe, documented batches"
    LITSERVE_BEST = "LitServe, best batches"
    SENTIQ_JOB = "sentiq, one job"
    SENTIQ_CLIENTS = f"sentiq, {CLIENTS} clients"


OURS = (Way.SENTIQ_JOB, Way.SENTIQ_CLIENTS)
# Each is a part of the one before, so that scores can be compared; the slower the way, the fewer.
TEXTS = {
    Way.SENTIQ_JOB: 960,
    Way.SENTIQ_CLIENTS: 480,
    Way.LITSERVE_BEST: 240,
    Way.LITSERVE: 240,
    Way.UNPADDED_ONE_THREAD: 120,
    Way.UNPADDED: 30,
    Way.ARTICLE: 30,
}
BARS = {Way.ARTICLE: 30, Way.LITSERVE: 5}
AIMS = {Way.ARTICLE: 50}

Round = Mapping[Way, Answers]
Texts = Mapping[Way, Sequence[str]]


def choose_texts() -> dict[Way, list[str]]:
    """Return the texts of each way, alike in their lengths."""
    texts, chosen = make_texts(max(TEXTS.values())), {}
    for way, count in TEXTS.items():
        chosen[way] = texts = choose_evenly(texts, count)
    return chosen


def measure_round(contenders: Contenders, texts: Texts, *, backwards: bool) -> Round:
    """Measure every way once, one contender running at a time; every other round goes backwards against drift."""
    singles = [
        _Single(Way.ARTICLE, contenders.article, SENTIMENT_PATH, ARTICLE_CLIENTS),
        _Single(Way.UNPADDED, partial(contenders.article, pad_to_longest=True), SENTIMENT_PATH, ARTICLE_CLIENTS),
        _Single(
            Way.UNPADDED_ONE_THREAD,
            partial(contenders.article, pad_to_longest=True, one_thread=True),
            SENTIMENT_PATH,
            ARTICLE_CLIENTS,
        ),
        _Single(Way.LITSERVE, partial(contenders.litserve, DOCUMENTED_BATCHING), PREDICT_PATH, CLIENTS),
        _Single(Way.LITSERVE_BEST, partial(contenders.litserve, BEST_BATCHING), PREDICT_PATH, CLIENTS),
    ]
    steps = [*(partial(single.measure, texts) for single in singles), partial(_measure_sentiq, contenders, texts)]
    measured: dict[Way, Answers] = {}
    for step in reversed(steps) if backwards else steps:
        found = step()
        for way, answers in found.items():
            sys.stderr.write(f"▸ {way}: {answers.texts_per_second:.3g} texts/s\n")
        measured |= found
    return measured


def list_rows(rounds: Sequence[Round]) -> list[Row]:
    """Return the rates of all ways, and what sentiq's are as multiples of the others'."""
    rates = [Row(f"{way}, texts/s", _summarize([measured[way].texts_per_second for measured in rounds])) for way in Way]
    return rates + [_compare(rounds, one, other) for other in Way if other not in OURS for one in OURS]


def compare_scores(texts: Texts, measured: Round) -> list[Row]:
    """Return how far the scores of the same texts lie from the article's: proof that all run one model."""
    expected = dict(zip(texts[Way.ARTICLE], measured[Way.ARTICLE].positive, strict=True))
    compared = {text: score for text, score in expected.items() if len(text) <= LONGEST_COMPARED_CHARS}
    spread = max(compared.values()) - min(compared.values())
    rows = [Row(f"spread of the article's scores over {len(compared)} texts", f"{spread:.3f}")]
    for way in (Way.UNPADDED_ONE_THREAD, Way.LITSERVE_BEST, Way.SENTIQ_CLIENTS):
        found = dict(zip(texts[way], measured[way].positive, strict=True))
        largest = max(abs(found[text] - score) for text, score in compared.items())
        rows.append(Row(f"largest difference from them: {way}", f"{largest:.4f}"))
    return rows


@dataclass(frozen=True, slots=True)
class _Single:
    """A way that takes one text a request."""

    way: Way
    make_server: Callable[[], Server]
    path: str
    clients: int

    def measure(self, texts: Texts) -> Round:
        with self.make_server() as server:
            send_singly(server, self.path, texts[self.way][: self.clients], self.clients)  # to warm up
            return {self.way: send_singly(server, self.path, texts[self.way], self.clients)}


def _measure_sentiq(contenders: Contenders, texts: Texts) -> Round:
    job = texts[Way.SENTIQ_JOB]
    with tempfile.TemporaryDirectory() as state, contenders.sentiq(Path(state)) as service:
        service.run_job(job[: 2 * CLIENTS])  # to warm up, and to let the workers learn the model's speed
        rate = len(job) / service.run_job(job)
        singles = send_singly(service, SENTIMENT_PATH, texts[Way.SENTIQ_CLIENTS], CLIENTS)
    return {Way.SENTIQ_JOB: Answers(rate, []), Way.SENTIQ_CLIENTS: singles}


def _compare(rounds: Sequence[Round], one: Way, other: Way) -> Row:
    ratios = [measured[one].texts_per_second / measured[other].texts_per_second for measured in rounds]
    figure, bar = f"{one} ÷ {other}", BARS.get(other)
    if bar is None:
        return Row(figure, _summarize(ratios))
    aim = f" (aim {AIMS[other]})" if other in AIMS else ""
    return Row(figure, _summarize(ratios), f"≥ {bar}{aim}", statistics.median(ratios) >= bar)


def _summarize(values: Sequence[float]) -> str:
    middle = f"{statistics.median(values):.3g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g} to {max(values):.3g})"
