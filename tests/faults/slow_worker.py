"""A worker that takes its time over each text, as a large model on an old machine would."""

import sys
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.settings import Settings
from tests.faults.wrapped_classifier import WrappedClassifier
from worker.__main__ import main
from worker.classifiers import Classifier, Encoding
from worker.classifiers.loading import load_classifier

SECONDS_PER_TEXT = 0.04


class SlowClassifier(WrappedClassifier):
    """The real model, but slower."""

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        time.sleep(SECONDS_PER_TEXT * len(batch))
        return super().classify(batch)


def load_slow(settings: Settings) -> Classifier:
    return SlowClassifier(load_classifier(settings))


if __name__ == "__main__":
    sys.exit(main(load_slow))
