"""The load that every contender gets: clients that each send one text, wait for its answer, and send the next."""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.server import Server, call


@dataclass(frozen=True, slots=True)
class Answers:
    """How fast the texts were answered, and the probability that each is positive, in the texts' order."""

    texts_per_second: float
    positive: list[float]


def send_singly(server: Server, path: str, texts: Sequence[str], clients: int) -> Answers:
    """Have `clients` share the texts, one a request.

    Raises:
        RuntimeError: an answer other than 200, after which no figure would mean anything.
    """
    waiting = _SharedTexts(texts)
    positive = [0.0] * len(texts)
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for client in [pool.submit(_run_client, server, path, waiting, positive) for _ in range(clients)]:
            client.result()
    return Answers(len(texts) / (time.perf_counter() - started), positive)


def choose_evenly(texts: Sequence[str], count: int) -> list[str]:
    """Return `count` of the texts, in their order, whose lengths are spread as those of all of them.

    A slow contender gets fewer texts than a fast one; a few texts drawn blindly could be much longer or shorter.
    """
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    chosen = {by_length[(2 * step + 1) * len(texts) // (2 * count)] for step in range(count)}
    return [text for place, text in enumerate(texts) if place in chosen]


class _SharedTexts:
    """Hands out each text once, to whichever client is free."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts: Iterator[tuple[int, str]] = enumerate(texts)
        self._lock = threading.Lock()

    def take(self) -> tuple[int, str] | None:
        """Return the next text and its place, or None when all are taken."""
        with self._lock:
            return next(self._texts, None)


def _run_client(server: Server, path: str, waiting: _SharedTexts, positive: list[float]) -> None:
    connection = server.connect()
    while taken := waiting.take():
        place, text = taken
        status, answer = call(connection, "POST", path, {"text": text})
        if status != http.client.OK:
            raise RuntimeError(f"{path} refused a text, so the figure would be wrong: {status} {answer}")
        positive[place] = answer["confidence"] if answer["sentiment"] == "Positive" else 1 - answer["confidence"]
    connection.close()
