"""A pretrained encoder learns from plain texts, survives being stopped, and gives fine-tuning its start."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from modelkit.errors import CheckpointError
from modelkit.loading import load_checkpoint
from modelkit.optimization import plan_rate
from modelkit.pretraining import ENCODER_FILE, load_pretrained, pretrain
from modelkit.training import train
from tests.unit.modelkit.test_training import RECIPE as TRAINING
from tests.unit.modelkit.test_training import REVIEWS

RECIPE = replace(TRAINING, pretraining_epochs=4)
TEXTS = [review.text for review in REVIEWS]


def pretrain_quietly(out: Path, epochs: int = RECIPE.pretraining_epochs) -> list[str]:
    lines: list[str] = []
    pretrain(TEXTS, replace(RECIPE, pretraining_epochs=epochs), out, lines.append)
    return lines


def read_losses(lines: list[str]) -> list[float]:
    return [float(line.split("loss ")[1].split()[0]) for line in lines if "loss " in line]


def test_the_loss_falls(tmp_path: Path) -> None:
    losses = read_losses(pretrain_quietly(tmp_path, epochs=12))

    assert losses[-1] < 0.8 * losses[0]


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    pretrain_quietly(whole)

    def stop(line: str) -> None:
        if line.startswith("epoch 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(TEXTS, RECIPE, stopped, stop)
    lines = pretrain_quietly(stopped)

    assert "2 of 4 epochs done" in lines[0]
    first, second = (load_pretrained(folder) for folder in (whole, stopped))
    assert first.epochs == second.epochs == 4
    for name, tensor in first.weights.items():
        torch.testing.assert_close(second.weights[name], tensor)


def test_a_folder_of_another_recipe_is_refused(tmp_path: Path) -> None:
    pretrain_quietly(tmp_path, epochs=1)

    with pytest.raises(CheckpointError, match="comes from another recipe"):
        pretrain_quietly(tmp_path, epochs=2)


def test_fine_tuning_starts_from_the_encoder_and_its_vocabulary(tmp_path: Path) -> None:
    pretrain_quietly(tmp_path / "encoder")
    encoder = load_pretrained(tmp_path / "encoder")
    barely = replace(TRAINING, epochs=1, learning_rate=1e-9)

    best = train(REVIEWS, REVIEWS[::5], barely, tmp_path / "run", lambda _: None, encoder)

    checkpoint = load_checkpoint(best)
    assert checkpoint.tokens == encoder.vocabulary.tokens
    name = "bert.encoder.layer.0.output.dense.weight"
    torch.testing.assert_close(checkpoint.weights[name], encoder.weights[name], atol=1e-6, rtol=0)


def test_an_encoder_of_another_shape_is_refused(tmp_path: Path) -> None:
    pretrain_quietly(tmp_path / "encoder", epochs=1)
    encoder = load_pretrained(tmp_path / "encoder")

    with pytest.raises(CheckpointError, match="another shape"):
        train(REVIEWS, REVIEWS[::5], replace(TRAINING, hidden=32), tmp_path / "run", lambda _: None, encoder)


def test_a_folder_without_an_encoder_is_refused_kindly(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Make one with `python -m modelkit pretrain`"):
        load_pretrained(tmp_path)


def test_an_encoder_file_runs_no_code(tmp_path: Path) -> None:
    pretrain_quietly(tmp_path, epochs=1)
    torch.save({"bert.x": print}, tmp_path / ENCODER_FILE)

    with pytest.raises(CheckpointError, match="no pretrained encoder"):
        load_pretrained(tmp_path)


def test_the_rate_rises_in_the_warm_up_and_falls_to_a_tenth() -> None:
    assert [plan_rate(progress, 0.1, last=0.1) for progress in (0.05, 0.1, 1.0)] == pytest.approx([0.5, 1.0, 0.1])
