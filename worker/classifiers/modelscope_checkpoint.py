"""Looks at a checkpoint in ModelScope's layout before ModelScope does, and refuses what would run code of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ModelDirectoryError
from worker.model_directory import MANIFEST_FILE, FileRecord, record_file
from worker.wordpiece import parse_vocabulary

PIPELINE_FILE, CONFIG_FILE, VOCABULARY_FILE = "configuration.json", "config.json", "vocab.txt"
WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")  # the first that is there is enough
# Each makes ModelScope or transformers import Python files that come with the model.
CODE_SWITCHES = ("allow_remote", "plugins", "auto_map", "custom_pipelines")
# Any other type would select another class of ModelScope's registry, with habits unknown here.
PIPELINE_TYPES = ("sentiment-classification", "sentiment-analysis", "text-classification", None)
MODEL_TYPES = ("structbert", "bert", "text-classification", None)


@dataclass(frozen=True, slots=True)
class CheckpointSizes:
    """The window in tokens, [CLS] and [SEP] included, and the most that the position embeddings allow."""

    max_tokens: int
    max_positions: int


def read_sizes(directory: Path) -> CheckpointSizes:
    """Return the sizes of the checkpoint in `directory`.

    Raises:
        ModelDirectoryError: naming the file, what is wrong and what to do.
    """
    if (directory / MANIFEST_FILE).exists():
        raise ModelDirectoryError(
            f"{directory} is an exported model, which the modelscope backend cannot read. "
            f"Make a checkpoint of it: `python -m modelkit restore {directory} OUT`, or use the onnx backend."
        )
    pipeline, config = (_read_json(directory / name) for name in (PIPELINE_FILE, CONFIG_FILE))
    for name, content in ((PIPELINE_FILE, pipeline), (CONFIG_FILE, config)):
        refuse_code(directory / name, content)
    refuse_other_models(directory / PIPELINE_FILE, pipeline)
    return plan_sizes(pipeline, config)


def plan_sizes(pipeline: Mapping[str, Any], config: Mapping[str, Any]) -> CheckpointSizes:
    """Return the sizes that configuration.json and config.json name together."""
    positions = int(config.get("max_position_embeddings", 512))
    window = int(_section(pipeline, "preprocessor").get("max_length") or positions)
    return CheckpointSizes(min(window, positions), positions)


def record_files(directory: Path) -> dict[str, FileRecord]:
    """Return the records of the files that decide a checkpoint's scores."""
    names = (PIPELINE_FILE, CONFIG_FILE, VOCABULARY_FILE, *WEIGHTS_FILES)
    return {name: record_file(directory / name) for name in names if (directory / name).exists()}


def read_vocabulary(directory: Path) -> tuple[str, ...]:
    """Return the checkpoint's tokens, listed by id.

    Raises:
        ModelDirectoryError: there is no vocab.txt.
    """
    try:
        return parse_vocabulary((directory / VOCABULARY_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise ModelDirectoryError(
            f"{directory / VOCABULARY_FILE} cannot be read: {err}. Fetch the checkpoint again."
        ) from err


def refuse_code(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse a description, read from `path`, that asks to run code which comes with the model.

    Raises:
        ModelDirectoryError: naming the entries.
    """
    found = [switch for switch in CODE_SWITCHES if content.get(switch)]
    if found:
        raise ModelDirectoryError(
            f"{path} asks to run code that comes with the model ({', '.join(found)}); that is never done. "
            "Remove the entry if the model works without, or choose another model."
        )


def refuse_other_models(path: Path, pipeline: Mapping[str, Any]) -> None:
    """Refuse a configuration.json, read from `path`, of anything but a text classifier.

    Raises:
        ModelDirectoryError: naming the entry.
    """
    for name, known in (("pipeline", PIPELINE_TYPES), ("model", MODEL_TYPES)):
        found = _section(pipeline, name).get("type")
        if found not in known:
            raise ModelDirectoryError(f"{path}: {name}.type is {found!r}; only a text classifier can be served.")


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name)
    return section if isinstance(section, Mapping) else {}


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise ModelDirectoryError(
            f"{path} cannot be read: {err}. The modelscope backend needs a checkpoint in ModelScope's layout."
        ) from err
    if not isinstance(content, Mapping):
        raise ModelDirectoryError(f"{path} holds no JSON object. Fetch the checkpoint again.")
    return content
