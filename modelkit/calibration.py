"""Makes a trained model's probabilities mean what they say: one temperature, and where neutral begins.

Source: Guo et al., "On Calibration of Modern Neural Networks" (2017), section 4.2, temperature scaling.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch.nn.functional import cross_entropy

from modelkit.checkpoint import Checkpoint

CLASSIFIER = ("classifier.weight", "classifier.bias")
# The band may take this share of the texts that have a side: the price of catching those that have none.
NEUTRAL_SHARE = 0.05
STEPS = 50
# A dev set without a single error would have the temperature go to zero.
LOWEST, HIGHEST = 0.2, 5.0


def find_temperature(logits: torch.Tensor, gold: Sequence[int]) -> float:
    """Return the number to divide logits [texts, labels] by so that `gold` (positions) is likeliest."""
    target = torch.tensor(gold)
    log_temperature = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=STEPS)

    def measure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(logits / log_temperature.exp(), target)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(measure)  # type: ignore[no-untyped-call]
    return min(max(float(log_temperature.detach().exp()), LOWEST), HIGHEST)


def apply_temperature(checkpoint: Checkpoint, temperature: float) -> Checkpoint:
    """Return the checkpoint with its last layer divided by `temperature`: the same labels, other probabilities."""
    scaled = {name: checkpoint.weights[name] / temperature for name in CLASSIFIER}
    return replace(checkpoint, weights={**checkpoint.weights, **scaled})


def find_neutral_threshold(confidence: torch.Tensor) -> float:
    """Return the confidence (float32 [texts]) below which `NEUTRAL_SHARE` of texts with a side lie, to two places."""
    return round(float(confidence.quantile(NEUTRAL_SHARE)), 2)
