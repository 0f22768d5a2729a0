"""Picks the backend that the settings name; each is imported only when it is asked for."""

from pathlib import Path

from shared.settings import Settings
from worker.classifiers import Classifier


def load_classifier(settings: Settings) -> Classifier:
    """Load the model for this process.

    Raises:
        ModelDirectoryError: the model directory cannot be used.
    """
    return _load(settings.backend, settings.model_path, settings.threads_per_worker)


def _load(backend: str, directory: Path, threads: int) -> Classifier:
    if backend == "modelscope":
        from worker.classifiers.modelscope import modelscope_backend

        return modelscope_backend(directory, threads)
    from worker.classifiers.onnx import OnnxClassifier

    return OnnxClassifier(directory, threads)
