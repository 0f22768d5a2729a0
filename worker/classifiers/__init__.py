"""The seam between the service and a model: one Protocol, one module per backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Encoding:
    """One window of a text: the ids the model sees, and the piece of text they came from."""

    ids: tuple[int, ...]  # with the leading [CLS] and the closing [SEP]
    text: str
    fresh_tokens: int  # tokens that no earlier window of the text had; weighs this window in the text's average


class Arithmetic(StrEnum):
    """How a model computes; the two kinds of int8 give the same scores."""

    FP32 = "fp32"
    INT8 = "int8"
    INT8_WIDENED = "int8-widened"  # the fallback where the processor cannot multiply bytes safely


class Classifier(Protocol):
    """A model that turns windows of text into probabilities."""

    labels: tuple[str, ...]
    revision: str  # of the model directory
    arithmetic: Arithmetic
    max_tokens: int  # of one window, [CLS] and [SEP] included
    neutral_threshold: float | None  # calibrated; None: this model has none

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        """Return the windows of each text, at least one each, in order."""
        ...

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        """Return the probabilities, float32 [len(batch), len(labels)], of windows run together."""
        ...
