"""Holds a checkpoint, and writes it in ModelScope's layout, which ModelScope's own pipeline can load.

Source: `modelscope.models.nlp.structbert.SbertForSequenceClassification` and `modelscope.utils.hub` of modelscope
1.40.2. A StructBERT classifier computes what a BERT classifier computes, so transformers' class serves for both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertForSequenceClassification

from shared.states import Label

SHAPE = {
    "layers": "num_hidden_layers",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "intermediate": "intermediate_size",
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
}
CONFIG_FILE, PIPELINE_FILE, VOCABULARY_FILE = "config.json", "configuration.json", "vocab.txt"
TRAINING_FILE = "training.json"
TOKENIZER_OPTIONS_FILE = "tokenizer_config.json"
EMBEDDINGS, HEAD = "bert.embeddings.word_embeddings.weight", "classifier.weight"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A classifier's weights under BERT's names, and what is needed to use them."""

    weights: Mapping[str, torch.Tensor]
    config: BertConfig
    tokens: tuple[str, ...]
    labels: tuple[Label, ...]
    max_tokens: int
    training: Mapping[str, Any] = field(default_factory=dict)
    lowercase: bool = True

    @property
    def shape(self) -> dict[str, int]:
        """Return the sizes of the network, as a manifest names them."""
        return {name: getattr(self.config, key) for name, key in SHAPE.items()}

    def build_model(self) -> BertForSequenceClassification:
        """Return the network with these weights, ready to score."""
        model = BertForSequenceClassification(self.config)  # type: ignore[no-untyped-call]
        model.load_state_dict(dict(self.weights))
        model.eval()  # type: ignore[no-untyped-call]
        return model


def save_checkpoint(directory: Path, checkpoint: Checkpoint) -> None:
    """Write config.json, configuration.json, pytorch_model.bin, vocab.txt and training.json into `directory`.

    A checkpoint that keeps capitals also gets tokenizer_config.json, which says so.
    """
    directory.mkdir(parents=True, exist_ok=True)
    torch.save(dict(checkpoint.weights), directory / "pytorch_model.bin")
    _write_json(directory / CONFIG_FILE, _describe_model(checkpoint))
    _write_json(directory / PIPELINE_FILE, _describe_pipeline(checkpoint))
    _write_json(directory / TRAINING_FILE, checkpoint.training)
    if not checkpoint.lowercase:
        _write_json(directory / TOKENIZER_OPTIONS_FILE, {"do_lower_case": False})
    vocabulary = "".join(f"{token}\n" for token in checkpoint.tokens)
    (directory / VOCABULARY_FILE).write_text(vocabulary, encoding="utf-8")


def _describe_model(checkpoint: Checkpoint) -> dict[str, Any]:
    config, labels = checkpoint.config, checkpoint.labels
    kept = (*SHAPE.values(), "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob", "type_vocab_size")
    return {
        "model_type": "structbert",
        "architectures": ["SbertForSequenceClassification"],
        **{name: getattr(config, name) for name in kept},
        "layer_norm_eps": config.layer_norm_eps,
        "pad_token_id": 0,
        "vocab_size": len(checkpoint.tokens),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def _describe_pipeline(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "framework": "pytorch",
        "task": "text-classification",
        "preprocessor": {"type": "sen-cls-tokenizer", "max_length": checkpoint.max_tokens},
        "model": {"type": "structbert", "label2id": {label: index for index, label in enumerate(checkpoint.labels)}},
        "pipeline": {"type": "sentiment-classification"},
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
