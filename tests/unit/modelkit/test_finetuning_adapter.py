"""LoRA trains little, leaves the rest as it was, and merges into a plain model that says the same."""

import random
from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification

from modelkit.batches import Batch
from modelkit.finetuning.adapter import add_adapter, copy_learned, merge_adapter
from modelkit.finetuning.batches import draw_batches, encode_reviews, read_frame
from modelkit.finetuning.steps import take_step
from tests.checkpoints import make_checkpoint
from tests.unit.modelkit.finetuning_texts import LEARNED, RECIPE


@pytest.fixture
def batches() -> list[Batch]:
    checkpoint = make_checkpoint()
    examples = encode_reviews(LEARNED, checkpoint)
    return draw_batches(examples, read_frame(checkpoint), RECIPE.batch_tokens, random.Random(1))


@pytest.fixture
def adapted(batches: list[Batch]) -> torch.nn.Module:
    """Return a tiny model after a few steps of training."""
    model = add_adapter(make_checkpoint().build_model(), RECIPE)
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad])
    for batch in batches:
        take_step(model, optimizer, batch, RECIPE.learning_rate)
    return model.eval()


def test_nothing_but_the_updates_and_the_head_learns(adapted: torch.nn.Module) -> None:
    learned = copy_learned(adapted)

    endings = {name.split("layer.")[-1].removeprefix("base_model.model.") for name in learned}
    assert endings == {
        *(
            f"{layer}.attention.self.{target}.lora_{side}.default.weight"
            for layer in (0, 1) for target in ("query", "value") for side in "AB"
        ),
        "classifier.modules_to_save.default.weight",
        "classifier.modules_to_save.default.bias",
    }  # fmt: skip


def test_the_base_is_untouched_until_the_updates_are_merged(adapted: torch.nn.Module) -> None:
    trained = {name.replace(".base_layer", ""): weight for name, weight in adapted.state_dict().items()}

    for name, weight in make_checkpoint().weights.items():
        kept = name.replace("classifier.", "classifier.original_module.")
        assert torch.equal(trained[f"base_model.model.{kept}"], weight), name


def test_the_merged_model_says_what_the_adapted_one_says(
    adapted: torch.nn.Module, batches: list[Batch], tmp_path: Path
) -> None:
    texts = {"input_ids": batches[0].input_ids, "attention_mask": batches[0].attention_mask}
    with torch.inference_mode():
        before = make_checkpoint().build_model()(**texts).logits
        with_adapter = adapted(**texts).logits
        plain = BertForSequenceClassification(make_checkpoint().config)  # type: ignore[no-untyped-call]
        plain.load_state_dict(merge_adapter(adapted))
        plain.eval()  # type: ignore[no-untyped-call]
        merged = plain(**texts).logits

    torch.testing.assert_close(merged, with_adapter, atol=1e-4, rtol=0)
    assert (with_adapter - before).abs().max() > 0.1
