"""Reads a checkpoint's weights without running any code that their file may carry, under BERT's own names."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from modelkit.errors import CheckpointError
from worker.classifiers.modelscope_checkpoint import WEIGHTS_FILES

MODEL_PREFIX = "bert."
# What a pretrained BERT predicted words with; a classifier may still carry it and never uses it.
UNUSED_HEAD = "cls."
# The names that checkpoints converted from TensorFlow kept; transformers reads them in the same way.
OLD_ENDINGS = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}


def find_weights(directory: Path) -> Path | None:
    """Return the file with the weights, the first of the known names that is there."""
    return next((directory / name for name in WEIGHTS_FILES if (directory / name).exists()), None)


def read_weights(directory: Path) -> dict[str, torch.Tensor]:
    """Return the weights in `directory`, float32, as `bert.…` and `classifier.…`.

    Raises:
        CheckpointError: there are none, or the file is damaged, would run code, or holds other things than weights.
    """
    path = find_weights(directory)
    if path is None:
        raise CheckpointError(f"{directory}: no weights. Put {' or '.join(WEIGHTS_FILES)} there.")
    stored = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    weights = {_rename(name): tensor.float() for name, tensor in stored.items() if _is_used(name)}
    spoiled = next((name for name, tensor in weights.items() if not tensor.isfinite().all()), None)
    if spoiled:
        raise CheckpointError(f"{path}: {spoiled} holds numbers that are not finite. Fetch the checkpoint again.")
    return weights


def _read_safetensors(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as err:
        raise _damaged(path, err) from err


def _read_pickle(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old or new forms of pickles; the outcome is checked below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as err:
        raise CheckpointError(
            f"{path} is refused: this pickle is damaged, or would run code when opened; nothing of it was run. "
            "Fetch it again from a source that you trust, or save its weights as model.safetensors."
        ) from err
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as err:  # whatever torch's reader stumbles over
        raise _damaged(path, err) from err
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise CheckpointError(f"{path} holds other things than named weights. Save the model's state_dict there.")
    return content


def _damaged(path: Path, err: Exception) -> CheckpointError:
    reason = (str(err).splitlines() or [type(err).__name__])[0]
    return CheckpointError(f"{path} is damaged or cut short ({reason}). Fetch the checkpoint again.")


def _is_used(name: str) -> bool:
    return not name.endswith("_ids") and not name.startswith(UNUSED_HEAD)


def _rename(name: str) -> str:
    """Return the BERT name of a StructBERT weight, e.g. `encoder.embeddings.…` → `bert.embeddings.…`."""
    for old, new in OLD_ENDINGS.items():
        if name.endswith(old):
            name = name.removesuffix(old) + new
    name = name.removeprefix("head.")
    prefix, _, rest = name.partition(".")
    return name if prefix == "classifier" else MODEL_PREFIX + rest
