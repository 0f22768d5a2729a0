"""Pretrains a small StructBERT on plain texts, on a CPU; a run that was stopped goes on after its last whole epoch."""

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertModel
from transformers.models.bert.modeling_bert import BertLMPredictionHead

from modelkit.batches import PAD_ID
from modelkit.errors import CheckpointError
from modelkit.optimization import MAX_GRADIENT_NORM, PROGRESS_STEPS
from modelkit.puzzles import IGNORED, Puzzle, draw_puzzles
from modelkit.recipe import Recipe
from modelkit.vocabulary import Vocabulary, build_vocabulary
from worker.wordpiece import build_tokenizer

STATE_FILE, ENCODER_FILE, NOTES_FILE = "state.pt", "encoder.pt", "pretrained.json"
LAST_RATE_SHARE = 0.1  # of the learning rate; fine-tuning brings it down to zero
ORDERS = 3


class Pretrainer(torch.nn.Module):
    """An encoder with the two heads that only pretraining needs."""

    def __init__(self, config: BertConfig) -> None:
        """Begin with random weights; the head that restores tokens shares the embeddings."""
        super().__init__()
        self.bert = BertModel(config)  # type: ignore[no-untyped-call]
        self.restore = BertLMPredictionHead(config)  # type: ignore[no-untyped-call]
        self.restore.decoder.weight = self.bert.embeddings.word_embeddings.weight
        self.order = torch.nn.Linear(config.hidden_size, ORDERS)

    def forward(self, puzzles: Sequence[Puzzle]) -> torch.Tensor:
        """Return the sum of both tasks' losses, a scalar."""
        ids, targets = (_pad([getattr(one, name) for one in puzzles], fill) for name, fill in _FIELDS)
        encoded = self.bert(input_ids=ids, attention_mask=(ids != PAD_ID).long())
        hidden = targets != IGNORED
        restored = self.restore(encoded.last_hidden_state[hidden])
        loss = cross_entropy(restored.float(), targets[hidden])
        orders = torch.tensor([puzzle.order for puzzle in puzzles])
        if (orders != IGNORED).any():
            loss = loss + cross_entropy(self.order(encoded.pooler_output).float(), orders, ignore_index=IGNORED)
        return loss


_FIELDS = (("ids", PAD_ID), ("targets", IGNORED))


def _pad(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


@dataclass(frozen=True, slots=True)
class Pretrained:
    """An encoder's weights under BERT's names, and the vocabulary that goes with them."""

    weights: dict[str, torch.Tensor]
    vocabulary: Vocabulary
    epochs: int


@dataclass(slots=True)
class PretrainingRun:
    """One run under way, with all that a later one needs to go on."""

    recipe: Recipe
    vocabulary: Vocabulary
    out: Path
    report: Callable[[str], None]
    model: Pretrainer
    optimizer: torch.optim.Optimizer
    epochs_done: int = 0

    @property
    def tokens(self) -> int:
        """Return how many tokens have an embedding of their own."""
        return max(self.vocabulary.canonical) + 1


def pretrain(texts: Sequence[str], recipe: Recipe, out: Path, report: Callable[[str], None]) -> None:
    """Pretrain for `recipe.pretraining_epochs`, keeping in `out` what a later call needs to go on or to fine-tune.

    Raises:
        CheckpointError: `out` holds a run of another recipe.
    """
    vocabulary = build_vocabulary(texts)
    encodings = build_tokenizer(vocabulary.tokens).encode_batch_fast(list(texts))
    examples = [tuple(vocabulary.canonical[token] for token in encoding.ids) for encoding in encodings]
    out.mkdir(parents=True, exist_ok=True)
    run = _start(recipe, vocabulary, out, report)
    report(f"{len(texts):,} texts, {run.tokens:,} tokens, {run.epochs_done} of {recipe.pretraining_epochs} epochs done")
    while run.epochs_done < recipe.pretraining_epochs:
        # Seeded anew in each epoch, so that a run that was stopped goes on as if it had not been.
        seed = recipe.seed + run.epochs_done
        torch.manual_seed(seed)
        chance = random.Random(seed)  # noqa: S311  for training, not for secrets
        batches = list(draw_puzzles(examples, run.tokens, recipe.max_tokens, recipe.batch_tokens, chance))
        _run_epoch(run, batches)
        run.epochs_done += 1
        _save(run)
    report(f"pretrained: {out}")


def load_pretrained(directory: Path) -> Pretrained:
    """Return what `pretrain` has left in `directory`.

    Raises:
        CheckpointError: it holds no pretrained encoder.
    """
    try:
        weights = torch.load(directory / ENCODER_FILE, weights_only=True)
        kept = json.loads((directory / NOTES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, UnpicklingError) as err:
        raise CheckpointError(
            f"{directory}: no pretrained encoder ({err}). Make one with `python -m modelkit pretrain`."
        ) from err
    return Pretrained(weights, Vocabulary(tuple(kept["tokens"]), tuple(kept["canonical"])), kept["epochs"])


def plan_rate(progress: float, warmup: float) -> float:
    """Return the share of the learning rate at `progress` (0 to 1): up in a line, then down to a tenth."""
    if progress < warmup:
        return progress / warmup
    return 1 - (1 - LAST_RATE_SHARE) * (progress - warmup) / (1 - warmup)


def _start(recipe: Recipe, vocabulary: Vocabulary, out: Path, report: Callable[[str], None]) -> PretrainingRun:
    torch.manual_seed(recipe.seed)
    model = Pretrainer(recipe.build_config(max(vocabulary.canonical) + 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    run = PretrainingRun(recipe, vocabulary, out, report, model, optimizer)
    if (out / STATE_FILE).exists():
        _resume(run, out / STATE_FILE)
    return run


def _resume(run: PretrainingRun, path: Path) -> None:
    state = torch.load(path, weights_only=True)
    if state["recipe"] != _describe(run.recipe):
        raise CheckpointError(f"{path} comes from another recipe. Choose another folder, or delete it to begin anew.")
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.epochs_done = int(state["epochs"])


def _run_epoch(run: PretrainingRun, batches: Sequence[Sequence[Puzzle]]) -> None:
    run.model.train()
    started, tokens, losses = time.monotonic(), 0, []
    for index, batch in enumerate(batches, start=1):
        progress = (run.epochs_done + index / len(batches)) / run.recipe.pretraining_epochs
        _set_rate(run.optimizer, run.recipe.learning_rate * plan_rate(progress, run.recipe.warmup))
        losses.append(_take_step(run, batch))
        tokens += sum(len(puzzle.ids) for puzzle in batch)
        if index % PROGRESS_STEPS == 0 or index == len(batches):
            speed = tokens / (time.monotonic() - started)
            run.report(
                f"epoch {run.epochs_done + 1}, step {index}/{len(batches)}  "
                f"loss {sum(losses) / len(losses):.4f}  {speed:,.0f} tokens/s"
            )
            losses.clear()


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _take_step(run: PretrainingRun, batch: Sequence[Puzzle]) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss: torch.Tensor = run.model(batch)
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), MAX_GRADIENT_NORM)
    run.optimizer.step()
    return loss.item()


def _save(run: PretrainingRun) -> None:
    notes = {"epochs": run.epochs_done, **asdict(run.vocabulary)}
    (run.out / NOTES_FILE).write_text(json.dumps(notes, ensure_ascii=False), encoding="utf-8")
    encoder = {f"bert.{name}": tensor for name, tensor in run.model.bert.state_dict().items()}
    _replace(run.out / ENCODER_FILE, encoder)
    state = {"recipe": _describe(run.recipe), "epochs": run.epochs_done, "model": run.model.state_dict()}
    _replace(run.out / STATE_FILE, state | {"optimizer": run.optimizer.state_dict()})


def _replace(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    torch.save(content, draft)
    os.replace(draft, path)  # a run killed in mid-write keeps what it had


def _describe(recipe: Recipe) -> dict[str, int | float]:
    return {name: value for name, value in asdict(recipe).items() if isinstance(value, int | float)}
