"""The scorer behind LitServe, on loopback.

`python -m bench.baselines.litserve.app MODEL TOKENIZER PORT WORKERS MAX_BATCH_SIZE BATCH_TIMEOUT_SECONDS`
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import litserve

from bench.baselines.litserve.scorer import Scorer

REQUEST_TIMEOUT_SECONDS = 120


class SentimentAPI(litserve.LitAPI):  # type: ignore[misc]  # known in its own environment only
    """Scores batches that LitServe gathers from single requests."""

    def __init__(self, model: Path, tokenizer: Path, max_batch_size: int, batch_timeout: float) -> None:
        """Keep the paths; every worker loads its own model from them."""
        super().__init__(max_batch_size=max_batch_size, batch_timeout=batch_timeout)
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
    model, tokenizer, port, workers, max_batch_size, batch_timeout = arguments
    api = SentimentAPI(Path(model), Path(tokenizer), int(max_batch_size), float(batch_timeout))
    server = litserve.LitServer(
        api, accelerator="cpu", devices=1, workers_per_device=int(workers), timeout=REQUEST_TIMEOUT_SECONDS
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
