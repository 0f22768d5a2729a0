"""Tiny checkpoints with random weights, for tests of what does not depend on good scores."""

from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification

from modelkit.checkpoint import Checkpoint, save_checkpoint
from modelkit.vocabulary import build_vocabulary
from shared.states import Label

TEXTS = ("房间很干净，服务也好", "东西太差，客服不理人！", "Battery ok 6小时", "一般般吧…… mp3 有点贵 :)") * 3
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
