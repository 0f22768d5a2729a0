"""Puts together what a run needs: an imported model whose head fits, and texts to learn from and to measure with."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelkit.checkpoint import Checkpoint
from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.finetuning.head import fit_head
from modelkit.finetuning.split import Split
from modelkit.loading import load_checkpoint
from worker.model_directory import MANIFEST_FILE


@dataclass(frozen=True, slots=True)
class Material:
    """A model, and the texts that it learns from and is measured with."""

    base: str  # the name of the model's folder, and a hash of its weights, vocabulary and labels
    checkpoint: Checkpoint
    learned: Sequence[Review]
    dev: Sequence[Review]

    @property
    def fingerprint(self) -> str:
        """Return a hash that changes with any text, label or order."""
        digest = hashlib.sha256()
        for review in (*self.learned, *self.dev):
            digest.update(f"{review.label} {len(review.text)} {review.text}\n".encode())
        return digest.hexdigest()


def prepare_material(model: Path, split: Split, report: Callable[[str], None]) -> Material:
    """Return the checkpoint in `model` with the texts of `split`, its head fitted to their labels.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        DataError: the dev set has a label that nothing knows.
    """
    if (model / MANIFEST_FILE).exists():
        raise CheckpointError(
            f"{model} is a model directory, which no longer learns. Make a checkpoint of it first: "
            f"`python -m modelkit restore {model} CHECKPOINT_DIR`."
        )
    checkpoint = load_checkpoint(model)
    learned, dev = split
    base = f"{model.resolve().name}@{_identify(checkpoint)}"
    return Material(base, fit_head(checkpoint, learned, dev, report), learned, dev)


def _identify(checkpoint: Checkpoint) -> str:
    """Return 12 hex digits that do not depend on the layout that the checkpoint was stored in."""
    digest = hashlib.sha256("\n".join((*checkpoint.tokens, *checkpoint.labels)).encode())
    for name, tensor in sorted(checkpoint.weights.items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
