"""Fine-tuning learns, gives the same weights each time, stops early, and goes on where it was stopped."""

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from modelkit.checkpoint import Checkpoint
from modelkit.errors import CheckpointError, TrainingDiverged
from modelkit.finetuning.material import Material
from modelkit.finetuning.recipe import FinetuningRecipe
from modelkit.finetuning.run import SAVE_SECONDS, finetune
from modelkit.finetuning.state import STATE_FILE, discard_state, find_state
from modelkit.loading import load_checkpoint
from tests.unit.modelkit.finetuning_texts import LEARNED, RECIPE, make_material

Outcome = tuple[Checkpoint, list[str]]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def finished(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Return the checkpoint of a run that nothing disturbed, and the lines that it printed."""
    return run(material, tmp_path_factory.mktemp("run"))


def run(material: Material, folder: Path, recipe: FinetuningRecipe = RECIPE) -> Outcome:
    lines: list[str] = []
    return load_checkpoint(finetune(material, recipe, folder, lines.append)), lines


def stop(material: Material, folder: Path, at: Callable[[str], bool], save_seconds: float = SAVE_SECONDS) -> None:
    """Run until a line of progress says that it is time for Ctrl-C."""

    def report(line: str) -> None:
        if at(line):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(material, RECIPE, folder, report, save_seconds)


def list_changes(before: Checkpoint, after: Checkpoint) -> set[str]:
    return {name for name, weight in after.weights.items() if not torch.equal(weight, before.weights[name])}


def read_accuracies(lines: list[str]) -> list[float]:
    return [float(line.split(": ")[1].split("%")[0]) for line in lines if "right on the dev set" in line]


def test_accuracy_rises_on_texts_that_were_not_learned(finished: Outcome) -> None:
    before, *epochs, best = read_accuracies(finished[1])

    assert before < 80
    assert best == max(epochs) == 100


def test_only_queries_values_and_the_head_change(material: Material, finished: Outcome) -> None:
    checkpoint, _ = finished

    assert checkpoint.weights.keys() == material.checkpoint.weights.keys()
    attention = {
        f"bert.encoder.layer.{layer}.attention.self.{name}.weight" for layer in (0, 1) for name in ("query", "value")
    }
    assert list_changes(material.checkpoint, checkpoint) == {*attention, "classifier.weight", "classifier.bias"}


def test_the_checkpoint_tells_where_it_comes_from(material: Material, finished: Outcome) -> None:
    training = finished[0].training

    assert training["base"] == material.base
    assert training["method"] == "LoRA, rank 4"
    assert (training["rank"], training["seed"], training["texts"]) == (4, 11, len(LEARNED))
    assert 1 <= training["epoch"] <= training["epochs"] == 4


def test_progress_names_step_loss_speed_and_time_left(finished: Outcome) -> None:
    progress = [line for line in finished[1] if line.startswith("step ")]

    assert all("loss" in line and "tokens/s" in line and "minutes left" in line for line in progress)
    done, total = progress[-1].split()[1].split("/")
    assert done == total


def test_the_same_seed_gives_the_same_weights(material: Material, finished: Outcome, tmp_path: Path) -> None:
    again, _ = run(material, tmp_path / "again")
    other, _ = run(material, tmp_path / "other", replace(RECIPE, seed=12))

    assert list_changes(finished[0], again) == set()
    assert list_changes(finished[0], other) != set()


@pytest.mark.parametrize(
    ("last_line", "save_seconds", "kept"),
    [
        ("epoch 2:", SAVE_SECONDS, "going on from step 0 of epoch 3"),
        ("step 25/", 0.0, "going on from step 1 of epoch 4"),
        ("epoch 4 is the best", SAVE_SECONDS, "going on from step 0 of epoch 5"),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_weights(
    material: Material, finished: Outcome, tmp_path: Path, last_line: str, save_seconds: float, kept: str
) -> None:
    stop(material, tmp_path, lambda line: line.startswith(last_line), save_seconds)
    resumed, lines = run(material, tmp_path)

    assert kept in lines
    assert not any(line.startswith("epoch 1:") for line in lines)
    assert list_changes(finished[0], resumed) == set()
    assert resumed.training == finished[0].training


def test_a_run_without_progress_ends_early_with_its_best_epoch(material: Material, tmp_path: Path) -> None:
    checkpoint, lines = run(material, tmp_path, replace(RECIPE, learning_rate=0.0, epochs=9, patience=2))

    assert [line.split(":")[0] for line in lines if line.startswith("epoch ")][:-1] == ["epoch 1", "epoch 2", "epoch 3"]
    assert checkpoint.training["epoch"] == 1
    assert list_changes(material.checkpoint, checkpoint) == set()


def test_without_a_rank_every_weight_learns(material: Material, tmp_path: Path) -> None:
    checkpoint, _ = run(material, tmp_path, replace(RECIPE, rank=None, learning_rate=1e-3, epochs=1))

    assert list_changes(material.checkpoint, checkpoint) == set(checkpoint.weights)
    assert checkpoint.training["method"] == "every weight"


def test_a_folder_of_another_run_is_refused_by_the_option_that_differs(material: Material, tmp_path: Path) -> None:
    stop(material, tmp_path, lambda line: line.startswith("epoch 1"))

    with pytest.raises(CheckpointError, match="another learning_rate, seed"):
        run(material, tmp_path, replace(RECIPE, learning_rate=1e-3, seed=1))
    with pytest.raises(CheckpointError, match="another csv"):
        run(replace(material, learned=material.learned[:-1]), tmp_path)


def test_a_broken_state_is_refused_kindly_and_can_be_discarded(material: Material, tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_bytes(b"PK\x03\x04 cut short")

    with pytest.raises(CheckpointError, match="Delete it to begin anew"):
        run(material, tmp_path)

    discard_state(tmp_path)
    assert find_state(tmp_path) is None


def test_a_full_disk_is_named_and_costs_only_the_last_epoch(
    material: Material, finished: Outcome, tmp_path: Path
) -> None:
    stop(material, tmp_path, lambda line: line.startswith("epoch 1:"))
    kept = (tmp_path / STATE_FILE).read_bytes()

    with limit_file_size(len(kept) // 2), pytest.raises(CheckpointError, match="Make room on the disk"):
        run(material, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
    assert (tmp_path / STATE_FILE).read_bytes() == kept
    assert list_changes(finished[0], run(material, tmp_path)[0]) == set()


@contextmanager
def limit_file_size(limit_bytes: int) -> Iterator[None]:
    """Let no file grow beyond `limit_bytes`, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails and nothing is killed
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_state_runs_no_code(material: Material, tmp_path: Path) -> None:
    torch.save({"run": print, "standing": {}}, tmp_path / STATE_FILE)

    with pytest.raises(CheckpointError, match="cannot be read"):
        run(material, tmp_path)


def test_a_loss_that_is_no_number_ends_the_run(material: Material, tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match="lower --learning-rate"):
        run(material, tmp_path, replace(RECIPE, learning_rate=1e30))
