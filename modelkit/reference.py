"""ModelScope's own pipeline as the measure for more than one converted model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from worker.classifiers import Encoding
from worker.classifiers.modelscope import ModelScopeClassifier


class Reference(ModelScopeClassifier):
    """Scores each window once: the float32 and the int8 model of a checkpoint are compared with the same scores."""

    def __init__(self, directory: Path, threads: int) -> None:
        """Load the checkpoint for `threads` threads.

        Raises:
            ModelDirectoryError: not a checkpoint in ModelScope's layout, or one that would run code of its own.
        """
        super().__init__(directory, threads)
        self._scores: dict[tuple[int, ...], npt.NDArray[np.float32]] = {}  # by ids, which alone decide the score

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        """Return the probabilities, float32 [len(batch), len(labels)]."""
        fresh = list({window.ids: window for window in batch if window.ids not in self._scores}.values())
        if fresh:
            scored = super().classify(fresh)
            self._scores |= {window.ids: row for window, row in zip(fresh, scored, strict=True)}
        return np.stack([self._scores[window.ids] for window in batch])
