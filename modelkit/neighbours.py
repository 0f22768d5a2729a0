"""Measures whether a text's score depends on the texts that it happens to share a micro-batch with."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.batching import count_padded_tokens, plan_micro_batches
from worker.classifiers import Classifier, Encoding

MAX_WINDOWS = 256  # enough to find an influence, few enough for a large model on two cores
BATCH_TOKENS = 2048
SHUFFLES = 2
FEW = 8
SEED = 11


@dataclass(frozen=True, slots=True)
class Influence:
    """The largest change of a probability, the text that it came from, and how many windows changed their label."""

    windows: int
    largest_difference: float
    changed_labels: int
    text: str


def measure_influence(classifier: Classifier, windows: Sequence[Encoding]) -> Influence:
    """Score windows alone and in batches of different companions and paddings; many are thinned out evenly."""
    sample = list(windows[:: -(-len(windows) // MAX_WINDOWS)])
    alone = np.concatenate([classifier.classify([window]) for window in sample])
    differences, changed = np.zeros(len(sample)), np.zeros(len(sample), dtype=bool)
    for places in plan_companies([len(window.ids) for window in sample]):
        together = classifier.classify([sample[place] for place in places])
        _note(differences, places, np.abs(together - alone[places]).max(axis=1))
        changed[places] |= together.argmax(axis=1) != alone[places].argmax(axis=1)
    worst = int(differences.argmax())
    return Influence(len(sample), float(differences[worst]), int(changed.sum()), sample[worst].text)


def plan_companies(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield batches of positions: sorted by length, in random orders, and some twice beside the longest."""
    yield from plan_micro_batches(lengths, BATCH_TOKENS)
    chance = random.Random(SEED)  # noqa: S311  for a plan that can be repeated, not for secrets
    for _ in range(SHUFFLES):
        yield from _fill(chance.sample(range(len(lengths)), len(lengths)), lengths)
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    chosen = range(0, len(lengths), -(-len(lengths) // FEW))
    yield from ([place, place, longest] for place in chosen)


def _fill(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Cut `order` into batches whose padded size stays within the budget."""
    batch: list[int] = []
    for place in order:
        if batch and count_padded_tokens([lengths[member] for member in (*batch, place)]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    yield batch


def _note(worst: npt.NDArray[np.float64], places: Sequence[int], found: npt.NDArray[np.float32]) -> None:
    np.maximum.at(worst, np.asarray(places), found)
