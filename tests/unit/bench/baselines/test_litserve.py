"""The LitServe app with a stand-in for the package, which is installed in its own environment only."""

import sys
from types import ModuleType
from typing import Any, ClassVar

import pytest


class LitAPI:
    """Keeps what it is told."""

    def __init__(self, max_batch_size: int, batch_timeout: float) -> None:
        self.batching = max_batch_size, batch_timeout


class LitServer:
    """Remembers how it was made and run."""

    made: ClassVar[list["LitServer"]] = []

    def __init__(self, api: LitAPI, **options: Any) -> None:
        self.api, self.options = api, options
        self.made.append(self)

    def run(self, **options: Any) -> None:
        self.options |= options


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stand_in = ModuleType("litserve")
    stand_in.__dict__.update(LitAPI=LitAPI, LitServer=LitServer)
    monkeypatch.setitem(sys.modules, "litserve", stand_in)
    monkeypatch.setattr(LitServer, "made", [])
    from bench.baselines.litserve import app

    return app


def test_it_serves_batches_on_loopback_with_the_workers_that_are_asked_for(app: ModuleType) -> None:
    app.main(["int8.onnx", "tokenizer.json", "8123", "2", "8", "0.1"])

    (server,) = LitServer.made
    assert (server.options["host"], server.options["port"], server.options["workers_per_device"]) == (
        "127.0.0.1",
        8123,
        2,
    )
    assert server.api.batching == (8, 0.1)


@pytest.mark.parametrize(("positive", "sentiment", "confidence"), [(0.8, "Positive", 0.8), (0.25, "Negative", 0.75)])
def test_an_answer_has_the_form_of_the_articles(
    app: ModuleType, positive: float, sentiment: str, confidence: float
) -> None:
    api = app.SentimentAPI("int8.onnx", "tokenizer.json", 8, 0.1)

    assert api.decode_request({"text": "很好"}) == "很好"
    assert api.encode_response(positive) == {"sentiment": sentiment, "confidence": confidence}
