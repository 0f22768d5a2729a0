"""`python -m tests.chaos.worker`: the real worker with a stand-in for the model, so that many texts pass on few cores.

The stand-in takes a millisecond a text, so that texts are held for as long as with a model, and dies of poison.
"""

import sys
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.settings import Settings
from tests.chaos.texts import expect_positive
from tests.faults.poisoned_worker import PoisonedClassifier
from worker.__main__ import main
from worker.classifiers import Arithmetic, Classifier, Encoding

SECONDS_PER_TEXT = 0.001


class StandIn:
    """Gives each text the probability that the judge expects."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision = "stand-in"
    arithmetic = Arithmetic.FP32
    max_tokens = 512
    neutral_threshold: float | None = None

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        return [[Encoding(tuple(range(len(text) + 2)), text, len(text))] for text in texts]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        time.sleep(SECONDS_PER_TEXT * len(batch))
        positive = np.array([expect_positive(window.text) for window in batch], dtype=np.float32)
        return np.stack([1 - positive, positive], axis=1)


def load_stand_in(settings: Settings) -> Classifier:
    return PoisonedClassifier(StandIn())


if __name__ == "__main__":
    sys.exit(main(load_stand_in))
