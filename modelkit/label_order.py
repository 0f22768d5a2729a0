"""Reads which label each output of a checkpoint's head stands for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelkit.checkpoint import CONFIG_FILE, PIPELINE_FILE
from modelkit.errors import CheckpointError
from modelkit.json_files import read_json
from shared.errors import ModelDirectoryError
from shared.states import Label
from worker.labels import parse_label

MAPPING_FILE = "label_mapping.json"


def read_labels(directory: Path, config: Mapping[str, Any], pipeline: Mapping[str, Any]) -> tuple[Label, ...]:
    """Return the labels in the order of the logits, from the first file that names them.

    The files are asked in the order of ModelScope's own `parse_label_mapping` (modelscope.utils.hub, 1.40.2).

    Raises:
        CheckpointError: no file names them, or their numbers or words cannot be understood.
    """
    mapping_file = directory / MAPPING_FILE
    if mapping_file.exists():
        return _order(mapping_file, read_json(mapping_file))
    places = (
        (PIPELINE_FILE, pipeline.get("model")),
        (PIPELINE_FILE, pipeline.get("preprocessor")),
        (CONFIG_FILE, config),
    )
    for file, section in places:
        mapping = _find_mapping(section)
        if mapping:
            return _order(directory / file, mapping)
    raise CheckpointError(f"{directory / CONFIG_FILE}: no label2id. Add it, e.g. {{'负面': 0, '正面': 1}}.")


def _find_mapping(section: Any) -> Mapping[str, Any] | None:
    if not isinstance(section, Mapping):
        return None
    if isinstance(section.get("label2id"), Mapping):
        return dict(section["label2id"])
    if isinstance(section.get("id2label"), Mapping):
        return {str(label): index for index, label in section["id2label"].items()}
    return None


def _order(path: Path, mapping: Mapping[str, Any]) -> tuple[Label, ...]:
    try:
        by_id = {int(index): parse_label(word) for word, index in mapping.items()}
    except (TypeError, ValueError) as err:
        raise CheckpointError(f"{path}: a label's number is not a number ({err}). Number them from 0 on.") from err
    except ModelDirectoryError as err:
        raise CheckpointError(f"{path}: {err}") from err
    labels = tuple(by_id[index] for index in sorted(by_id))
    if sorted(by_id) != list(range(len(mapping))) or len(set(labels)) != len(labels):
        raise CheckpointError(
            f"{path}: the labels must be different and numbered from 0 without a gap, found {dict(mapping)}."
        )
    return labels
