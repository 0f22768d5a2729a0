"""Teaches the model what [UNK] means: nothing. Trained on reviews alone, it takes unknown characters for praise.

Only the one row of the embeddings learns, so texts without unknown characters score exactly as before.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from transformers import BertForSequenceClassification

from modelkit.batches import CLS_ID, SEP_ID, Batch, Example, collate, draw_crop
from modelkit.checkpoint import EMBEDDINGS, Checkpoint
from modelkit.vocabulary import SPECIAL_TOKENS

UNKNOWN_ID = SPECIAL_TOKENS.index("[UNK]")
STEPS = 240
PROGRESS_STEPS = 60
LEARNING_RATE = 0.02
TEXTS_PER_STEP = 24
TEXT_TOKENS = 64
HIDDEN_SHARE = 0.2  # of a review's characters, which must not change what the rest of it says
LONGEST_UNKNOWN = 24


def teach_unknown(
    checkpoint: Checkpoint, examples: Sequence[Example], seed: int, report: Callable[[str], None]
) -> Checkpoint:
    """Return the checkpoint with an [UNK] that gives even odds alone and leaves known neighbours their say."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311  for training, not for secrets
    model = checkpoint.build_model()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    row = model.bert.embeddings.word_embeddings.weight[UNKNOWN_ID].clone().requires_grad_()
    optimizer = torch.optim.Adam([row], lr=LEARNING_RATE)
    nothing = _list_unknown_texts()
    for step in range(1, STEPS + 1):
        hidden = _hide(chance.sample(examples, min(TEXTS_PER_STEP, len(examples))), chance)
        alone = torch.nn.functional.log_softmax(_score(model, row, nothing), -1)
        beside = torch.nn.functional.cross_entropy(_score(model, row, hidden), hidden.labels)
        loss = beside - alone.mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % PROGRESS_STEPS == 0:
            odds = alone.exp()[:, 1]
            report(f"[UNK] step {step}/{STEPS}: alone {odds.min():.2f} to {odds.max():.2f} positive")
    return replace(checkpoint, weights={**checkpoint.weights, EMBEDDINGS: _replace_row(checkpoint, row.detach())})


def _score(model: BertForSequenceClassification, row: torch.Tensor, batch: Batch) -> torch.Tensor:
    embedded = model.bert.embeddings.word_embeddings(batch.input_ids)
    is_unknown = (batch.input_ids == UNKNOWN_ID).unsqueeze(-1)
    embedded = torch.where(is_unknown, row, embedded)
    logits: torch.Tensor = model(inputs_embeds=embedded, attention_mask=batch.attention_mask).logits
    return logits


def _list_unknown_texts() -> Batch:
    lengths = range(1, LONGEST_UNKNOWN + 1)
    return collate([[CLS_ID, *[UNKNOWN_ID] * length, SEP_ID] for length in lengths], [0] * len(lengths))


def _hide(examples: Sequence[Example], chance: random.Random) -> Batch:
    crops = [draw_crop(example.ids, TEXT_TOKENS, chance) for example in examples]
    hidden = [[UNKNOWN_ID if chance.random() < HIDDEN_SHARE else token for token in crop] for crop in crops]
    return collate([[CLS_ID, *ids, SEP_ID] for ids in hidden], [example.label for example in examples])


def _replace_row(checkpoint: Checkpoint, row: torch.Tensor) -> torch.Tensor:
    embeddings = checkpoint.weights[EMBEDDINGS].clone()
    embeddings[UNKNOWN_ID] = row
    return embeddings
