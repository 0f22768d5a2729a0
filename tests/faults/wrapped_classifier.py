"""A classifier around another, for stand-ins that differ in one thing only."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from worker.classifiers import Classifier, Encoding


class WrappedClassifier:
    """Does what the inner one does."""

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner
        self.labels, self.revision, self.max_tokens = inner.labels, inner.revision, inner.max_tokens
        self.neutral_threshold, self.arithmetic = inner.neutral_threshold, inner.arithmetic

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        return self._inner.encode(texts)

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        return self._inner.classify(batch)
