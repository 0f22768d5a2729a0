"""A material names its model, fits the head to the labels, and refuses what cannot be taught."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification

from modelkit.checkpoint import save_checkpoint
from modelkit.data import Review
from modelkit.errors import CheckpointError, DataError
from modelkit.export import export_model
from modelkit.finetuning.batches import encode_reviews, read_frame
from modelkit.finetuning.head import fit_head
from modelkit.finetuning.material import prepare_material
from modelkit.finetuning.run import finetune
from modelkit.loading import load_checkpoint
from shared.states import Label
from tests.checkpoints import make_checkpoint, write_checkpoint
from tests.unit.modelkit.finetuning_texts import DEV, LEARNED, PLAIN, RECIPE, make_material, make_reviews

NEUTRAL = make_reviews(2, PLAIN)


def test_a_model_is_named_by_its_folder_and_what_is_in_it(tmp_path: Path) -> None:
    one = make_material(tmp_path)
    shutil.copytree(tmp_path / "tiny-base", tmp_path / "same" / "tiny-base")
    checkpoint = make_checkpoint()
    bias = {**checkpoint.weights, "classifier.bias": torch.ones(2)}
    save_checkpoint(tmp_path / "other" / "tiny-base", replace(checkpoint, weights=bias))

    same, other = (prepare_material(tmp_path / name / "tiny-base", (LEARNED, DEV), print) for name in ("same", "other"))

    assert one.base == same.base
    assert one.base.startswith("tiny-base@")
    assert other.base.startswith("tiny-base@")
    assert other.base != one.base


def test_a_model_directory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    export_model(write_checkpoint(tmp_path / "tiny"), tmp_path / "model")

    with pytest.raises(CheckpointError, match="modelkit restore"):
        prepare_material(tmp_path / "model", (LEARNED, DEV), print)


def test_a_label_that_the_model_lacks_gets_a_logit_that_disturbs_nothing() -> None:
    lines: list[str] = []
    checkpoint = make_checkpoint()
    ids = torch.tensor([encode_reviews(DEV, checkpoint)[0].ids])

    grown = fit_head(checkpoint, [*LEARNED, *NEUTRAL], DEV, lines.append)

    before, after = (one.build_model()(input_ids=ids).logits for one in (checkpoint, grown))
    assert grown.labels == (Label.NEGATIVE, Label.POSITIVE, Label.NEUTRAL)
    torch.testing.assert_close(after[:, :2], before)
    torch.testing.assert_close(after[:, 2], before.mean(-1))
    assert lines == ["the model has no label neutral; its head gets one, which these texts teach it"]
    assert checkpoint.config.num_labels == 2


def test_three_labels_are_learned_and_kept(tmp_path: Path) -> None:
    learned, dev = [*LEARNED, *NEUTRAL], [*DEV, *make_reviews(2, PLAIN, ["客服"])]
    material = prepare_material(write_checkpoint(tmp_path / "tiny"), (learned, dev), lambda _: None)

    lines: list[str] = []
    best = load_checkpoint(finetune(material, replace(RECIPE, epochs=6), tmp_path / "run", lines.append))

    assert best.labels == (Label.NEGATIVE, Label.POSITIVE, Label.NEUTRAL)
    assert "100.00% right" in lines[-1]


def test_a_model_with_three_labels_learns_from_two_and_says_what_is_missing(tmp_path: Path) -> None:
    config = make_checkpoint().config
    labels = (Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE)
    config.num_labels = 3
    torch.manual_seed(1)
    weights = BertForSequenceClassification(config).state_dict()  # type: ignore[no-untyped-call]
    checkpoint = replace(make_checkpoint(), config=config, labels=labels, weights=weights)
    lines: list[str] = []

    fitted = fit_head(checkpoint, LEARNED, DEV, lines.append)

    assert fitted == checkpoint
    assert lines == ["no neutral text to learn from: the model keeps the label, but may choose it less"]
    assert {example.label for example in encode_reviews(LEARNED, fitted)} == {0, 2}
    assert encode_reviews([Review("", 1, "好")], fitted)[0].label == 0


def test_a_dev_set_with_a_label_that_nothing_knows_is_refused() -> None:
    with pytest.raises(DataError, match="neutral texts, which neither"):
        fit_head(make_checkpoint(), LEARNED, [*DEV, *NEUTRAL], print)


def test_a_vocabulary_without_the_frame_s_tokens_is_refused() -> None:
    checkpoint = make_checkpoint()
    tokens = tuple(token.replace("[SEP]", "[END]") for token in checkpoint.tokens)

    with pytest.raises(CheckpointError, match=r"no token \[SEP\]"):
        read_frame(replace(checkpoint, tokens=tokens))
