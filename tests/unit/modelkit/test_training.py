"""A run learns, keeps what later steps need, and tells how far it is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from modelkit.calibration import HIGHEST, LOWEST
from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.loading import load_checkpoint
from modelkit.recipe import Recipe
from modelkit.training import train
from shared.states import Label

GOOD, BAD = "质量好，很喜欢", "太差了，不推荐"
REVIEWS = [Review("书", 1, GOOD + "！" * count) for count in range(24)]
REVIEWS += [Review("书", 0, BAD + "。" * count) for count in range(24)]
RECIPE = Recipe(
    layers=1, hidden=16, heads=2, intermediate=32, max_positions=48, max_tokens=32,
    epochs=6, learning_rate=5e-3, batch_tokens=128, mask_rate=0.0, dropout=0.0, recombined_share=0.0, credit_weight=0.0,
    sources=("own sentences",),
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the best checkpoint of a short run, and the lines it printed."""
    lines: list[str] = []
    best = train(REVIEWS, REVIEWS[::5], RECIPE, tmp_path_factory.mktemp("run"), lines.append)
    return best, lines


def test_a_run_learns_what_tells_the_labels_apart(finished: tuple[Path, list[str]]) -> None:
    checkpoint = load_checkpoint(finished[0])
    tokens = [["[CLS]", *text, "[SEP]"] for text in (BAD, GOOD)]
    ids = torch.tensor([[checkpoint.tokens.index(token) for token in row] for row in tokens])

    with torch.inference_mode():
        logits = checkpoint.build_model()(input_ids=ids).logits

    assert logits.argmax(-1).tolist() == [0, 1]


def test_each_epoch_leaves_a_checkpoint_with_its_recipe(finished: tuple[Path, list[str]]) -> None:
    best, _ = finished

    folders = {path.name for path in best.parent.iterdir()}
    assert folders == {
        *(f"epoch-{number + 1}" for number in range(RECIPE.epochs)),
        "finished",
    }  # and no state to go on from
    checkpoint = load_checkpoint(best)
    assert checkpoint.labels == (Label.NEGATIVE, Label.POSITIVE)
    assert checkpoint.max_tokens == 32
    assert (checkpoint.training["texts"], checkpoint.training["sources"]) == (48, ["own sentences"])


def test_traditional_characters_have_their_simplified_form_s_embedding(finished: tuple[Path, list[str]]) -> None:
    checkpoint = load_checkpoint(finished[0])
    embeddings = checkpoint.weights["bert.embeddings.word_embeddings.weight"]

    rows = [embeddings[checkpoint.tokens.index(character)] for character in ("质", "質", "欢", "歡")]

    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[2], rows[3])
    assert not torch.equal(rows[0], rows[2])


def test_progress_names_step_loss_speed_and_time_left(finished: tuple[Path, list[str]]) -> None:
    _, lines = finished

    progress = [line for line in lines if ", step " in line]
    assert all("loss" in line and "tokens/s" in line and "minutes left" in line for line in progress)
    assert progress[-1].startswith(f"epoch {RECIPE.epochs}, ")
    assert "0.0 minutes left" in progress[-1]
    assert sum("right on the dev set" in line for line in lines) == RECIPE.epochs


def test_a_run_that_was_stopped_goes_on_to_the_same_end(finished: tuple[Path, list[str]], tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch 4,"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(REVIEWS, REVIEWS[::5], RECIPE, tmp_path, stop)
    lines: list[str] = []
    best = train(REVIEWS, REVIEWS[::5], RECIPE, tmp_path, lines.append)

    assert not any(line.startswith("epoch 3,") for line in lines)
    first, second = load_checkpoint(finished[0]), load_checkpoint(best)
    for name, tensor in first.weights.items():
        torch.testing.assert_close(second.weights[name], tensor)


def test_an_unfinished_run_of_another_recipe_is_refused(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("epoch 2,"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(REVIEWS, REVIEWS[::5], RECIPE, tmp_path, stop)

    with pytest.raises(CheckpointError, match="another recipe"):
        train(REVIEWS, REVIEWS[::5], replace(RECIPE, epochs=7), tmp_path, stop)


def test_a_finished_model_is_calibrated_and_knows_where_neutral_begins(finished: tuple[Path, list[str]]) -> None:
    training = load_checkpoint(finished[0]).training

    assert LOWEST <= training["temperature"] <= HIGHEST
    assert 0.5 <= training["neutral_threshold"] <= 1
