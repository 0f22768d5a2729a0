"""The clients, against a tiny server, and the choice of texts."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.baselines.load import choose_evenly, send_singly
from bench.server import Server


class TinyScorer(ThreadingHTTPServer):
    """Finds a text the more positive the longer it is, and refuses the text 坏."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AnswerByLength)
        self.texts: list[str] = []


class AnswerByLength(BaseHTTPRequestHandler):
    server: TinyScorer

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        self.server.texts.append(text)
        positive = len(text) / 10
        sentiment, confidence = ("Positive", positive) if positive >= 0.5 else ("Negative", 1 - positive)
        self.send_response(500 if text == "坏" else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"sentiment": sentiment, "confidence": confidence}).encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def scorer() -> Iterator[TinyScorer]:
    server = TinyScorer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_every_text_is_sent_once_and_scores_come_back_in_the_order_of_the_texts(scorer: TinyScorer) -> None:
    texts = ["好" * (number % 10) for number in range(40)]

    answers = send_singly(Server(command=(), port=scorer.server_port), "/any", texts, clients=8)

    assert sorted(scorer.texts) == sorted(texts)
    assert answers.positive == pytest.approx([len(text) / 10 for text in texts])
    assert answers.texts_per_second > 0


def test_a_refused_text_spoils_the_measurement(scorer: TinyScorer) -> None:
    with pytest.raises(RuntimeError, match="/any refused a text, so the figure would be wrong: 500"):
        send_singly(Server(command=(), port=scorer.server_port), "/any", ["好", "坏"], clients=2)


@pytest.mark.parametrize("count", [1, 7, 50, 99, 100])
def test_as_many_texts_as_asked_are_chosen_in_their_order(count: int) -> None:
    texts = [f"{number}" + "好" * (number * 37 % 50) for number in range(100)]

    chosen = choose_evenly(texts, count)

    assert len(chosen) == count
    assert chosen == [text for text in texts if text in chosen]


def test_the_chosen_are_as_long_as_all() -> None:
    texts = ["好" * length for length in (100, 1, 2, 99, 3, 98)]

    assert [len(text) for text in choose_evenly(texts, 2)] == [2, 99]
