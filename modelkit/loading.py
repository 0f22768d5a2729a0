"""Reads checkpoints: those that training writes, those of ModelScope, and BERT classifiers in Hugging Face's layout.

No code of a model directory is run, and nothing is fetched from anywhere.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import BertConfig

from modelkit.checkpoint import CONFIG_FILE, PIPELINE_FILE, TRAINING_FILE, Checkpoint
from modelkit.errors import CheckpointError
from modelkit.fitting import refuse_misfit
from modelkit.json_files import read_json, read_json_if_there
from modelkit.label_order import read_labels
from modelkit.spelling import read_spelling, read_window
from modelkit.weights import read_weights
from worker.classifiers.modelscope_checkpoint import plan_sizes, refuse_code, refuse_other_models

HUGGING_FACE_TYPE = "bert"
LABEL_FIELDS = ("id2label", "label2id", "num_labels")
# Any other value would mean another network, or other scores, than those that are exported and restored.
KNOWN_VALUES: dict[str, tuple[Any, ...]] = {
    "hidden_act": ("gelu",),
    "position_embedding_type": ("absolute",),
    "is_decoder": (False,),
    "add_cross_attention": (False,),
    "problem_type": ("single_label_classification", None),
}


def load_checkpoint(directory: Path) -> Checkpoint:
    """Return the checkpoint in `directory`, whose parts fit each other.

    Raises:
        CheckpointError: a file is missing, cannot be understood, or does not fit the others.
        ModelDirectoryError: it would run code of its own, or is no text classifier.
    """
    fields = read_json(directory / CONFIG_FILE)
    pipeline = _read_pipeline(directory, fields)
    refuse_code(directory / CONFIG_FILE, fields)
    config, labels = _parse_config(directory, fields), read_labels(directory, fields, pipeline)
    config.num_labels = len(labels)
    spelling = read_spelling(directory)
    checkpoint = Checkpoint(
        weights=read_weights(directory),
        config=config,
        tokens=spelling.tokens,
        labels=labels,
        max_tokens=_choose_window(directory, pipeline, fields),
        training=read_json_if_there(directory / TRAINING_FILE),
        lowercase=spelling.lowercase,
    )
    refuse_misfit(checkpoint)
    return checkpoint


def _read_pipeline(directory: Path, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return configuration.json, which only Hugging Face's layout does without."""
    path = directory / PIPELINE_FILE
    if not path.exists() and fields.get("model_type") == HUGGING_FACE_TYPE:
        return {}
    pipeline = read_json(path)
    refuse_code(path, pipeline)
    refuse_other_models(path, pipeline)
    return pipeline


def _parse_config(directory: Path, fields: Mapping[str, Any]) -> BertConfig:
    path = directory / CONFIG_FILE
    for name, known in KNOWN_VALUES.items():
        if fields.get(name, known[0]) not in known:
            raise CheckpointError(f"{path}: {name} is {fields[name]!r}; only {known[0]!r} can be served.")
    kept = {key: value for key, value in fields.items() if key not in LABEL_FIELDS}
    try:
        return BertConfig(**kept)  # type: ignore[no-untyped-call]
    except (TypeError, ValueError) as err:
        raise CheckpointError(f"{path} describes no BERT: {err}. Fetch the checkpoint again.") from err


def _choose_window(directory: Path, pipeline: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
    try:
        sizes = plan_sizes(pipeline, fields)
    except (TypeError, ValueError) as err:
        raise CheckpointError(f"{directory}: the window or the number of positions is no number: {err}.") from err
    return min(sizes.max_tokens, read_window(directory) or sizes.max_tokens)
