"""Reads checkpoints in ModelScope's layout: those that training writes, and those a model hub gives."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import BertConfig

from modelkit.checkpoint import CONFIG_FILE, PIPELINE_FILE, TRAINING_FILE, VOCABULARY_FILE, Checkpoint
from modelkit.errors import CheckpointError
from shared.states import Label
from worker.labels import parse_label
from worker.wordpiece import parse_vocabulary

WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
MODEL_PREFIX = "bert."


def load_checkpoint(directory: Path) -> Checkpoint:
    """Return the checkpoint in `directory`; weights are read without running any code of the file.

    Raises:
        CheckpointError: a file is missing or cannot be understood.
    """
    config_fields, pipeline = _read_json(directory / CONFIG_FILE), _read_json(directory / PIPELINE_FILE)
    labels = _read_labels(directory, config_fields, pipeline)
    config_fields = {key: value for key, value in config_fields.items() if key not in ("id2label", "label2id")}
    config = BertConfig(**config_fields, num_labels=len(labels))  # type: ignore[no-untyped-call]
    max_tokens = pipeline.get("preprocessor", {}).get("max_length", config.max_position_embeddings)
    training = _read_json(directory / TRAINING_FILE) if (directory / TRAINING_FILE).exists() else {}
    tokens = parse_vocabulary(_read_text(directory / VOCABULARY_FILE))
    return Checkpoint(_read_weights(directory), config, tokens, labels, int(max_tokens), training)


def _read_labels(directory: Path, config: Mapping[str, Any], pipeline: Mapping[str, Any]) -> tuple[Label, ...]:
    mapping_file = directory / "label_mapping.json"
    own = _read_json(mapping_file) if mapping_file.exists() else None
    found = own or pipeline.get("model", {}).get("label2id") or config.get("label2id")
    if not found:
        raise CheckpointError(f"{directory / CONFIG_FILE}: no label2id. Add it, e.g. {{'负面': 0, '正面': 1}}.")
    return tuple(parse_label(word) for word, _ in sorted(found.items(), key=lambda item: int(item[1])))


def _read_weights(directory: Path) -> dict[str, torch.Tensor]:
    path = next((directory / name for name in WEIGHTS_FILES if (directory / name).exists()), None)
    if path is None:
        raise CheckpointError(f"{directory}: no weights. Put {' or '.join(WEIGHTS_FILES)} there.")
    weights = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
    return {_rename(name): tensor.float() for name, tensor in weights.items() if not name.endswith("_ids")}


def _rename(name: str) -> str:
    """Return the BERT name of a StructBERT weight, e.g. `encoder.embeddings.…` → `bert.embeddings.…`."""
    name = name.removeprefix("head.")
    prefix, _, rest = name.partition(".")
    return name if prefix == "classifier" else MODEL_PREFIX + rest


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise CheckpointError(f"{path} cannot be read: {err}. A checkpoint in ModelScope's layout needs it.") from err


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read_text(path))
    except ValueError as err:
        raise CheckpointError(f"{path} is not JSON: {err}. Fetch or write the checkpoint again.") from err
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no JSON object.")
    return content
