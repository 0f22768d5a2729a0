"""A temperature makes confidence match accuracy and changes no label."""

import pytest
import torch

from modelkit.calibration import LOWEST, apply_temperature, find_neutral_threshold, find_temperature
from tests.checkpoints import make_checkpoint


def draw_overconfident(factor: float) -> tuple[torch.Tensor, list[int]]:
    """Return logits that are `factor` times too large for the labels that come with them."""
    generator = torch.Generator().manual_seed(5)
    honest = torch.randn(4000, 2, generator=generator) * 1.5
    gold = torch.multinomial(honest.softmax(-1), 1, generator=generator).flatten()
    return honest * factor, gold.tolist()


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_it_finds_by_how_much_logits_are_too_large(factor: float) -> None:
    assert find_temperature(*draw_overconfident(factor)) == pytest.approx(factor, rel=0.08)


def test_a_dev_set_without_an_error_does_not_make_the_model_certain() -> None:
    logits = torch.tensor([[1.0, -1.0], [-1.0, 1.0]] * 20)

    assert find_temperature(logits, [0, 1] * 20) == LOWEST


def test_a_cooled_checkpoint_gives_the_same_labels_with_other_probabilities() -> None:
    checkpoint = make_checkpoint()
    ids = torch.tensor([[2, 11, 12, 3], [2, 30, 8, 3]])

    with torch.inference_mode():
        before = checkpoint.build_model()(input_ids=ids).logits
        after = apply_temperature(checkpoint, 2.0).build_model()(input_ids=ids).logits

    torch.testing.assert_close(after, before / 2)


def test_the_band_takes_the_least_certain_twentieth() -> None:
    confidence = torch.linspace(0.5, 1.0, 1001)

    assert find_neutral_threshold(confidence) == pytest.approx(0.52, abs=0.006)
