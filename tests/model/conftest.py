"""Both backends on the same weights, loaded once for the folder."""

from pathlib import Path

import pytest

from modelkit.export import export_model, restore_checkpoint
from tests.checkpoints import write_checkpoint
from worker.classifiers import Classifier
from worker.classifiers.modelscope import modelscope_backend
from worker.classifiers.onnx import OnnxClassifier

BUNDLED = Path(__file__).parents[2] / "models" / "structbert-small-zh"
BACKENDS = ("onnx", "modelscope")


def load_backend(name: str, model_dir: Path, checkpoint_dir: Path) -> Classifier:
    """Load one backend on one thread, so that runs do not disturb each other."""
    return OnnxClassifier(model_dir, 1) if name == "onnx" else modelscope_backend(checkpoint_dir, 1)


@pytest.fixture(scope="session")
def bundled_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundled model's weights in ModelScope's layout."""
    directory = tmp_path_factory.mktemp("bundled") / "checkpoint"
    restore_checkpoint(BUNDLED, directory)
    return directory


@pytest.fixture(scope="session", params=BACKENDS)
def bundled(request: pytest.FixtureRequest, bundled_checkpoint: Path) -> Classifier:
    """Return the bundled model behind each backend in turn."""
    return load_backend(request.param, BUNDLED, bundled_checkpoint)


@pytest.fixture(scope="session")
def bundled_pair(bundled_checkpoint: Path) -> tuple[Classifier, ...]:
    """Return the bundled model behind both backends at once."""
    return tuple(load_backend(name, BUNDLED, bundled_checkpoint) for name in BACKENDS)


@pytest.fixture(scope="session")
def tiny_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, ...]:
    """Return a random checkpoint behind both backends: exported, and as ModelScope reads the original."""
    folder = tmp_path_factory.mktemp("tiny")
    checkpoint = write_checkpoint(folder / "checkpoint")
    export_model(checkpoint, folder / "model")
    return tuple(load_backend(name, folder / "model", checkpoint) for name in BACKENDS)
