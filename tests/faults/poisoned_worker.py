"""A worker whose model kills its own process when it meets the poison, as a crash in native code would."""

import os
import signal
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.settings import Settings
from tests.faults.wrapped_classifier import WrappedClassifier
from worker.__main__ import main
from worker.classifiers import Classifier, Encoding
from worker.classifiers.loading import load_classifier

POISON = "毒药"


class PoisonedClassifier(WrappedClassifier):
    """The real model, but for the poison."""

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        if any(POISON in window.text for window in batch):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().classify(batch)


def load_poisoned(settings: Settings) -> Classifier:
    return PoisonedClassifier(load_classifier(settings))


if __name__ == "__main__":
    sys.exit(main(load_poisoned))
