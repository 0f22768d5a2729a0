"""Proves that the parts of a checkpoint belong together before any of them is used."""

import torch
from transformers import BertForSequenceClassification

from modelkit.checkpoint import EMBEDDINGS, HEAD, Checkpoint
from modelkit.errors import CheckpointError
from worker.model_directory import MIN_TOKENS

SHOWN = 3  # names in one message


def refuse_misfit(checkpoint: Checkpoint) -> None:
    """Compare vocabulary, labels, window and weights with each other and with config.json.

    Raises:
        CheckpointError: naming the first parts that do not fit, with both sizes.
    """
    _compare_tokens(checkpoint)
    _compare_labels(checkpoint)
    positions = checkpoint.config.max_position_embeddings
    if not MIN_TOKENS <= checkpoint.max_tokens <= positions:
        raise CheckpointError(
            f"The window of {checkpoint.max_tokens} tokens is outside of {MIN_TOKENS} to {positions}, "
            "which the model can read. Correct max_length in configuration.json."
        )
    _compare_weights(checkpoint)


def _compare_tokens(checkpoint: Checkpoint) -> None:
    count, rows = len(checkpoint.tokens), _count_rows(checkpoint, EMBEDDINGS)
    if rows is not None and count != rows:
        raise CheckpointError(
            f"The vocabulary has {count:,} tokens, the embeddings have {rows:,} rows: they are not of one model, "
            "or vocab.txt is cut. Fetch the checkpoint again (rows that are only padding need a line each, "
            "such as [unused1])."
        )


def _compare_labels(checkpoint: Checkpoint) -> None:
    outputs = _count_rows(checkpoint, HEAD)
    if outputs is not None and outputs != len(checkpoint.labels):
        raise CheckpointError(
            f"There are {len(checkpoint.labels)} labels ({', '.join(checkpoint.labels)}), "
            f"the classifier has {outputs} outputs. Correct label2id."
        )


def _count_rows(checkpoint: Checkpoint, name: str) -> int | None:
    weight = checkpoint.weights.get(name)
    return None if weight is None else weight.shape[0]


def _compare_weights(checkpoint: Checkpoint) -> None:
    expected = _list_shapes(checkpoint)
    found = {name: tuple(weight.shape) for name, weight in checkpoint.weights.items()}
    missing, unknown = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or unknown:
        raise CheckpointError(
            "The weights do not fit config.json: "
            f"missing {missing[:SHOWN]}, unknown {unknown[:SHOWN]}. Fetch the checkpoint again."
        )
    other = next((name for name in found if found[name] != expected[name]), None)
    if other:
        raise CheckpointError(
            f"The weights do not fit config.json: {other} has the shape {list(found[other])}, "
            f"config.json means {list(expected[other])}. Fetch the checkpoint again."
        )


def _list_shapes(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    try:
        with torch.device("meta"):  # shapes only: no memory, no random numbers
            model = BertForSequenceClassification(checkpoint.config)  # type: ignore[no-untyped-call]
    except (TypeError, ValueError, KeyError, RuntimeError) as err:
        raise CheckpointError(f"config.json describes no BERT that can be built: {err}.") from err
    return {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
