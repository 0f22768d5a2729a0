"""Picks the backend that the settings name; each is imported only when it is asked for."""

from pathlib import Path

from shared.settings import Settings
from worker.classifiers import Classifier
from worker.classifiers.modelscope_checkpoint import read_sizes
from worker.model_directory import load_manifest


def load_classifier(settings: Settings) -> Classifier:
    """Load the model for this process.

    Raises:
        ModelDirectoryError: the model directory cannot be used.
    """
    return open_classifier(settings.backend, settings.model_path, settings.threads_per_worker, settings.byte_kernel)


def open_classifier(backend: str, directory: Path, threads: int, byte_kernel: str = "auto") -> Classifier:
    """Load the model in `directory` behind one of the backends that the settings know.

    Raises:
        ModelDirectoryError: the directory cannot be used.
    """
    if backend == "modelscope":
        from worker.classifiers.modelscope import modelscope_backend

        return modelscope_backend(directory, threads)
    from worker.classifiers.onnx import OnnxClassifier

    return OnnxClassifier(directory, threads, byte_kernel)


def check_model(settings: Settings) -> None:
    """Look at the model directory without loading the model, so that a wrong setting is told at once.

    Raises:
        ModelDirectoryError: it is not there, or not what the backend needs.
    """
    if settings.backend == "modelscope":
        read_sizes(settings.model_path)
    else:
        load_manifest(settings.model_path)
