"""[UNK] learns to say nothing, and nothing else learns."""

import random

import pytest
import torch

from modelkit.batches import CLS_ID, SEP_ID, Example
from modelkit.checkpoint import EMBEDDINGS, Checkpoint
from modelkit.unknown import UNKNOWN_ID, teach_unknown
from tests.checkpoints import make_checkpoint


@pytest.fixture(scope="module")
def biased() -> Checkpoint:
    """Return a checkpoint whose classifier leans to one side."""
    checkpoint = make_checkpoint()
    checkpoint.weights["classifier.bias"].copy_(torch.tensor([-1.0, 1.0]))
    return checkpoint


@pytest.fixture(scope="module")
def taught(biased: Checkpoint) -> Checkpoint:
    chance = random.Random(3)
    examples = [Example(tuple(chance.choices(range(5, 40), k=12)), number % 2) for number in range(40)]
    return teach_unknown(biased, examples, seed=3, report=lambda _line: None)


def measure_lean(checkpoint: Checkpoint) -> float:
    """Return how far a text of three unknown characters is from even odds."""
    ids = torch.tensor([[CLS_ID, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID, SEP_ID]])
    with torch.inference_mode():
        odds: float = checkpoint.build_model()(input_ids=ids).logits.softmax(-1)[0, 1].item()
    return abs(odds - 0.5)


def test_unknown_characters_alone_come_close_to_even_odds(biased: Checkpoint, taught: Checkpoint) -> None:
    assert measure_lean(taught) < measure_lean(biased) / 2


def test_only_the_row_of_the_unknown_token_changes(biased: Checkpoint, taught: Checkpoint) -> None:
    changed = {name for name, tensor in biased.weights.items() if not torch.equal(tensor, taught.weights[name])}
    rows = (biased.weights[EMBEDDINGS] != taught.weights[EMBEDDINGS]).any(-1).nonzero().flatten().tolist()

    assert (changed, rows) == ({EMBEDDINGS}, [UNKNOWN_ID])
