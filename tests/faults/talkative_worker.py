"""A worker whose errors tell the text that caused them, as those of a library may."""

import sys
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from shared.settings import Settings
from worker.__main__ import main
from worker.classifiers import Classifier, Encoding
from worker.classifiers.loading import load_classifier

FAILS, CRASHES = "打分失败", "进程出错"


class TalkativeClassifier:
    """The real model, but for two words: one makes it fail, the other makes the storing of its results fail."""

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner
        self.labels, self.max_tokens = inner.labels, inner.max_tokens
        self.neutral_threshold, self.arithmetic = inner.neutral_threshold, inner.arithmetic
        self._last = ""

    @property
    def revision(self) -> str:
        """Return what is read when results are stored; the thread of the heartbeat reads it too, and dies of it."""
        if CRASHES in self._last:
            raise RuntimeError(f"no revision for {self._last}")
        return self._inner.revision

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        self._last = "".join(texts)
        return self._inner.encode(texts)

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        if any(FAILS in window.text for window in batch):
            raise RuntimeError(f"cannot score {self._last}")
        return self._inner.classify(batch)


def load_talkative(settings: Settings) -> Classifier:
    return cast(Classifier, TalkativeClassifier(load_classifier(settings)))  # `revision` cannot be set


if __name__ == "__main__":
    sys.exit(main(load_talkative))
