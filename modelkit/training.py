"""Trains a small StructBERT on labelled reviews, from nothing or from a pretrained encoder, on a CPU."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from modelkit.batches import Example, draw_epoch
from modelkit.checkpoint import EMBEDDINGS, Checkpoint, save_checkpoint
from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.loading import load_checkpoint
from modelkit.optimization import Run, measure_accuracy, start_run, train_epoch
from modelkit.pretraining import Pretrained
from modelkit.recipe import Recipe
from modelkit.unknown import teach_unknown
from modelkit.vocabulary import Vocabulary, build_vocabulary
from shared.states import Label
from worker.wordpiece import build_tokenizer

LABELS = (Label.NEGATIVE, Label.POSITIVE)


def train(
    reviews: Sequence[Review],
    dev: Sequence[Review],
    recipe: Recipe,
    out: Path,
    report: Callable[[str], None],
    pretrained: Pretrained | None = None,
) -> Path:
    """Train for all epochs, save each under `out`; return the path of the best on `dev`, with its [UNK] put right.

    Raises:
        CheckpointError: the pretrained encoder does not have the recipe's shape.
    """
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)  # noqa: S311 (chance for training, not for secrets)
    vocabulary = pretrained.vocabulary if pretrained else build_vocabulary(review.text for review in reviews)
    tokenizer = build_tokenizer(vocabulary.tokens)
    examples, dev_examples = (encode_examples(rows, tokenizer, vocabulary) for rows in (reviews, dev))
    report(f"{len(examples):,} texts, {len(vocabulary.tokens):,} tokens in the vocabulary")
    epochs = [
        list(draw_epoch(examples, recipe.max_tokens, recipe.batch_tokens, recipe.mask_rate, chance))
        for _ in range(recipe.epochs)
    ]
    run = start_run(recipe, max(vocabulary.canonical) + 1, sum(map(len, epochs)), report)
    if pretrained:
        _take_over(run, pretrained)
    scored = []
    for number, batches in enumerate(epochs, start=1):
        train_epoch(run, batches)
        accuracy = measure_accuracy(run.model, dev_examples, recipe.max_tokens)
        notes = {**asdict(recipe), "texts": len(reviews), "epoch": number}
        save_checkpoint(out / f"epoch-{number}", _take_checkpoint(run, vocabulary, notes))
        report(f"epoch {number}: {accuracy:.2%} right on the dev set, saved in {out / f'epoch-{number}'}")
        scored.append((accuracy, out / f"epoch-{number}"))
    return _finish(max(scored)[1], examples, recipe, report)


def _take_over(run: Run, pretrained: Pretrained) -> None:
    try:
        run.model.load_state_dict(pretrained.weights, strict=False)
    except RuntimeError as err:
        raise CheckpointError(
            "The pretrained encoder has another shape than the recipe. Pretrain anew with this recipe."
        ) from err


def _finish(best: Path, examples: Sequence[Example], recipe: Recipe, report: Callable[[str], None]) -> Path:
    finished = best.with_name("finished")
    save_checkpoint(finished, teach_unknown(load_checkpoint(best), examples, recipe.seed, report))
    return finished


def encode_examples(reviews: Sequence[Review], tokenizer: Tokenizer, vocabulary: Vocabulary) -> list[Example]:
    """Return token ids with every alias replaced by its plain token, which is the one that learns."""
    encodings = tokenizer.encode_batch_fast([review.text for review in reviews])
    return [
        Example(tuple(vocabulary.canonical[token] for token in encoding.ids), review.label)
        for encoding, review in zip(encodings, reviews, strict=True)
    ]


def _take_checkpoint(run: Run, vocabulary: Vocabulary, notes: dict[str, Any]) -> Checkpoint:
    """Return the weights as they stand, with a copy of the plain token's embedding for each alias."""
    weights = {name: tensor.clone() for name, tensor in run.model.state_dict().items()}
    weights[EMBEDDINGS] = weights[EMBEDDINGS][torch.tensor(vocabulary.canonical)]
    return Checkpoint(weights, run.model.config, vocabulary.tokens, LABELS, run.recipe.max_tokens, notes)
