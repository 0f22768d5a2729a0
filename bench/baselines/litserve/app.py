"""`python -m bench.baselines.litserve.app MODEL TOKENIZER PORT WORKERS`: the scorer behind LitServe, on loopback.

Batching and workers are set as LitServe's own documentation advises: `max_batch_size` and `batch_timeout` on the API,
and on a CPU as many workers as cores.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import litserve

from bench.baselines.litserve.scorer import Scorer

# The best of 4, 8, 16 and 32 with 64 clients: a larger batch waits for its longest text.
MAX_BATCH_SIZE = 8
BATCH_TIMEOUT_SECONDS = 0.02
REQUEST_TIMEOUT_SECONDS = 120


class SentimentAPI(litserve.LitAPI):  # type: ignore[misc]  # known in its own environment only
    """Scores batches that LitServe gathers from single requests."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Keep the paths; every worker loads its own model from them."""
        super().__init__(max_batch_size=MAX_BATCH_SIZE, batch_timeout=BATCH_TIMEOUT_SECONDS)
        self._paths = model, tokenizer

    def setup(self, device: str) -> None:
        """Load the model in a worker."""
        self._scorer = Scorer(*self._paths)

    def decode_request(self, request: dict[str, str]) -> str:
        """Return the text of one request."""
        return request["text"]

    def predict(self, texts: Sequence[str]) -> list[float]:
        """Return the probability that each text is positive."""
        return [float(positive) for positive in self._scorer.score(texts)]

    def encode_response(self, positive: float) -> dict[str, str | float]:
        """Return one answer in the form of the article's service."""
        if positive >= 0.5:
            return {"sentiment": "Positive", "confidence": positive}
        return {"sentiment": "Negative", "confidence": 1 - positive}


def main(arguments: Sequence[str]) -> None:
    """Serve until a signal comes."""
    model, tokenizer, port, workers = arguments
    api = SentimentAPI(Path(model), Path(tokenizer))
    server = litserve.LitServer(
        api, accelerator="cpu", devices=1, workers_per_device=int(workers), timeout=REQUEST_TIMEOUT_SECONDS
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
