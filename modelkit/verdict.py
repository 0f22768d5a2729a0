"""How far a converted model may be from the original, by the precision of its arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelkit.neighbours import Influence
from modelkit.tokenization import show

NEIGHBOUR_TOLERANCE = 1e-3
SHOWN_TEXTS = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """Labels by the share of texts, probabilities by their difference."""

    changed_labels: float
    largest_difference: float
    mean_difference: float

    def count_allowed(self, texts: int) -> int:
        """Return how many labels may change; where any may, one may, however few the texts are."""
        return max(1, int(texts * self.changed_labels)) if self.changed_labels else 0


# fp32 does the same sums in another order: 3e-7 on the bundled model. int8 rounds weights and activations: 0.009 at
# most and 0.0005 to 0.001 on average there. The bounds leave room for other models, and for smaller ones, which are
# coarser; a mean beyond them tells of a model that is worse.
BOUNDS = {"fp32": Bounds(0.0, 1e-4, 1e-4), "int8": Bounds(0.001, 0.05, 0.01)}


@dataclass(frozen=True, slots=True)
class Differences:
    """Probabilities of the same texts, float32 [texts, labels], in one order of the labels: original and converted."""

    texts: Sequence[str]
    expected: npt.NDArray[np.float32]
    found: npt.NDArray[np.float32]

    @property
    def by_text(self) -> npt.NDArray[np.float32]:
        """Return the largest difference of each text's probabilities."""
        differences: npt.NDArray[np.float32] = np.abs(self.found - self.expected).max(axis=1)
        return differences

    @property
    def changed_labels(self) -> int:
        """Return how many texts got another label."""
        return int(np.sum(self.found.argmax(axis=1) != self.expected.argmax(axis=1)))

    def list_worst(self) -> list[str]:
        """Return a line for each of the texts that differ most."""
        by_text, best = self.by_text, self.expected.argmax(axis=1)
        return [
            f"  {by_text[row]:.8f}  {self.expected[row, best[row]]:.6f} → {self.found[row, best[row]]:.6f}"
            f"  {show(self.texts[row])}"
            for row in by_text.argsort()[::-1][:SHOWN_TEXTS]
        ]


def list_problems(precision: str, differences: Differences, influence: Influence) -> list[str]:
    """Return a sentence for each bound that is broken."""
    bounds, by_text = BOUNDS[precision], differences.by_text
    allowed = bounds.count_allowed(len(differences.texts))
    checks = (
        (differences.changed_labels, allowed, "{found} texts have another label than in ModelScope"),
        (by_text.max(), bounds.largest_difference, "a probability differs by {found:.6f} from ModelScope's"),
        (by_text.mean(), bounds.mean_difference, "probabilities differ by {found:.6f} on average from ModelScope's"),
        (influence.largest_difference, NEIGHBOUR_TOLERANCE, "a score moves by {found:.6f} with its neighbours"),
        (influence.changed_labels, 0, "{found} labels change with their neighbours"),
    )
    # Not `found > bound`, which a NaN would pass.
    return [f"{line.format(found=found)}; at most {bound} may" for found, bound, line in checks if not found <= bound]
