"""The steps of a training run: bf16 on the CPU, AdamW, a linear warm-up and a linear way down to zero."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import BertForSequenceClassification

from modelkit.batches import CLS_ID, SEP_ID, Batch, Example, collate
from modelkit.recipe import Recipe
from worker.batching import plan_micro_batches

PROGRESS_STEPS = 25
MAX_GRADIENT_NORM = 1.0
EVALUATION_BATCH_TOKENS = 8192


@dataclass(slots=True)
class Run:
    """One training run under way; `done` counts the steps taken."""

    recipe: Recipe
    model: BertForSequenceClassification
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    steps: int
    report: Callable[[str], None]
    done: int = 0


def start_run(recipe: Recipe, vocabulary_size: int, steps: int, report: Callable[[str], None]) -> Run:
    """Return a run with random weights and the optimizer that will train them for `steps`."""
    model = BertForSequenceClassification(recipe.build_config(vocabulary_size))  # type: ignore[no-untyped-call]
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    warmup = max(1, int(steps * recipe.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))
    )
    return Run(recipe, model, optimizer, schedule, steps, report)


def train_epoch(run: Run, batches: Sequence[Batch]) -> None:
    """Take one step for each batch, with a line of progress now and then."""
    run.model.train()
    started, tokens, losses = time.monotonic(), 0, []
    for index, batch in enumerate(batches, start=1):
        losses.append(_take_step(run, batch))
        tokens += int(batch.attention_mask.sum())
        if index % PROGRESS_STEPS == 0 or index == len(batches):
            seconds = time.monotonic() - started
            minutes_left = (run.steps - run.done) * seconds / index / 60
            run.report(
                f"step {run.done}/{run.steps}  loss {sum(losses) / len(losses):.4f}  "
                f"{tokens / seconds:,.0f} tokens/s  {minutes_left:.1f} minutes left"
            )
            losses.clear()


@torch.inference_mode()
def measure_accuracy(model: BertForSequenceClassification, examples: Sequence[Example], max_tokens: int) -> float:
    """Return the share of examples labelled rightly by their first window: a quick look between epochs."""
    model.eval()  # type: ignore[no-untyped-call]
    sequences = [[CLS_ID, *example.ids[: max_tokens - 2], SEP_ID] for example in examples]
    right = 0
    for places in plan_micro_batches([len(sequence) for sequence in sequences], EVALUATION_BATCH_TOKENS):
        batch = collate([sequences[place] for place in places], [examples[place].label for place in places])
        right += int((_score(model, batch).argmax(-1) == batch.labels).sum())
    return right / len(examples)


def _take_step(run: Run, batch: Batch) -> float:
    loss = torch.nn.functional.cross_entropy(
        _score(run.model, batch), batch.labels, label_smoothing=run.recipe.label_smoothing
    )
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), MAX_GRADIENT_NORM)
    run.optimizer.step()
    run.schedule.step()
    run.done += 1
    return loss.item()


def _score(model: BertForSequenceClassification, batch: Batch) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits: torch.Tensor = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    return logits.float()
