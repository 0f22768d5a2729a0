"""Tiny checkpoints with random weights, for tests of what does not depend on good scores."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

from modelkit.checkpoint import Checkpoint, save_checkpoint
from modelkit.vocabulary import build_vocabulary
from shared.states import Label
from worker.wordpiece import build_tokenizer

TEXTS = ("房间很干净，服务也好", "东西太差，客服不理人！", "Battery ok 6小时", "一般般吧…… mp3 有点贵 :)") * 3
FEW_TEXTS = Path(__file__).with_name("few_texts.csv")  # the same: a tiny model is verified with them in a second
SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


def make_checkpoint(max_tokens: int = 32) -> Checkpoint:
    """Return a checkpoint with random weights, large enough to tell texts apart."""
    vocabulary = build_vocabulary(TEXTS)
    config = BertConfig(vocab_size=len(vocabulary.tokens), **SHAPE)  # type: ignore[no-untyped-call]
    torch.manual_seed(3)  # gives both labels about as often
    weights = BertForSequenceClassification(config).state_dict()  # type: ignore[no-untyped-call]
    spread = {name: tensor * 8 if tensor.dim() > 1 else tensor for name, tensor in weights.items()}
    embeddings = "bert.embeddings.word_embeddings.weight"
    spread[embeddings] = spread[embeddings][torch.tensor(vocabulary.canonical)]
    return Checkpoint(spread, config, vocabulary.tokens, (Label.NEGATIVE, Label.POSITIVE), max_tokens, {"texts": 12})


def write_checkpoint(directory: Path, max_tokens: int = 32) -> Path:
    """Write a tiny checkpoint in ModelScope's layout and return its directory."""
    save_checkpoint(directory, make_checkpoint(max_tokens))
    return directory


def write_hugging_face_checkpoint(directory: Path, *, fast_tokenizer: bool = False, pickled: bool = False) -> Path:
    """Write the tiny checkpoint as Hugging Face's tools would: without configuration.json, whatever the forms."""
    checkpoint = make_checkpoint()
    directory.mkdir(parents=True)
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "vocab_size": len(checkpoint.tokens),
        "id2label": {"0": "negative", "1": "positive"},
        **SHAPE,
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if fast_tokenizer:
        build_tokenizer(checkpoint.tokens).save(str(directory / "tokenizer.json"))
    else:
        (directory / "vocab.txt").write_text("".join(f"{token}\n" for token in checkpoint.tokens), encoding="utf-8")
    if pickled:
        torch.save(dict(checkpoint.weights), directory / "pytorch_model.bin")
    else:
        save_file(dict(checkpoint.weights), directory / "model.safetensors")
    return directory


def edit_json(path: Path, change: Mapping[str, Any]) -> None:
    """Set entries of a JSON file; an entry whose value is None is taken out."""
    content = json.loads(path.read_text(encoding="utf-8")) | dict(change)
    kept = {key: value for key, value in content.items() if value is not None}
    path.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
