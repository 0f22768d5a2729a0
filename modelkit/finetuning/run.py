"""Runs fine-tuning from the first step to a merged checkpoint; a stopped run goes on from where it was kept."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from modelkit.batches import Batch, Example
from modelkit.checkpoint import save_checkpoint
from modelkit.finetuning.adapter import add_adapter, copy_learned, merge_adapter
from modelkit.finetuning.batches import Frame, draw_batches, encode_reviews, plan_batches, read_frame
from modelkit.finetuning.material import Material
from modelkit.finetuning.recipe import FinetuningRecipe
from modelkit.finetuning.state import Standing, StateFile
from modelkit.finetuning.steps import Progress, measure, take_step
from modelkit.optimization import plan_rate

FINISHED = "finished"
LAST_RATE_SHARE = 0.1  # of the learning rate: early stopping ends most runs sooner
SAVE_SECONDS = 300.0  # what a stop in the middle of an epoch costs at most


@dataclass(slots=True)
class Run:
    """One run under way."""

    recipe: FinetuningRecipe
    frame: Frame
    examples: Sequence[Example]
    dev: Sequence[Batch]
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    state: StateFile
    report: Callable[[str], None]
    standing: Standing = field(default_factory=Standing)

    @property
    def is_over(self) -> bool:
        """Whether every epoch is done, or the last ones brought nothing better."""
        done, best = self.standing.epochs_done, self.standing.best_epoch
        return done >= self.recipe.epochs or done - best >= self.recipe.patience

    def save(self) -> None:
        """Keep all that a later run needs to go on from here."""
        self.state.save(self.standing, copy_learned(self.model), self.optimizer.state_dict())


def finetune(
    material: Material,
    recipe: FinetuningRecipe,
    folder: Path,
    report: Callable[[str], None],
    save_seconds: float = SAVE_SECONDS,
) -> Path:
    """Train until the dev set says enough; return the best epoch's checkpoint under `folder`, its adapter merged.

    Raises:
        CheckpointError: `folder` holds another run, or the model cannot be trained.
        TrainingDiverged: the loss is no longer a number.
    """
    run = _start(material, recipe, StateFile(folder, _describe(material, recipe)), report)
    _take_up(run)
    while not run.is_over:
        _train_epoch(run, save_seconds)
        _close_epoch(run)
    best = run.standing.best_epoch
    report(f"epoch {best} is the best: {run.standing.best_score[0]:.2%} right on the dev set")
    run.model.load_state_dict(run.standing.best_weights, strict=False)
    notes = {"base": material.base, "method": recipe.method, "texts": len(material.learned), "epoch": best}
    merged = replace(material.checkpoint, weights=merge_adapter(run.model), training={**asdict(recipe), **notes})
    save_checkpoint(folder / FINISHED, merged)
    return folder / FINISHED


def _start(material: Material, recipe: FinetuningRecipe, state: StateFile, report: Callable[[str], None]) -> Run:
    checkpoint, frame = material.checkpoint, read_frame(material.checkpoint)
    examples, dev = (encode_reviews(reviews, checkpoint) for reviews in (material.learned, material.dev))
    model = add_adapter(checkpoint.build_model(), recipe)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    report(f"{len(examples):,} texts, {recipe.method}: {sum(map(torch.numel, learning)):,} weights learn")
    dev_batches = list(plan_batches(dev, frame, recipe.batch_tokens))
    return Run(recipe, frame, examples, dev_batches, model, optimizer, state, report)


def _take_up(run: Run) -> None:
    kept = run.state.load()
    if kept is None:
        run.report(f"before training: {measure(run.model, run.dev)[0]:.2%} right on the dev set")
        return
    run.standing, weights, optimizer = kept
    run.model.load_state_dict(weights, strict=False)
    run.optimizer.load_state_dict(optimizer)
    run.report(f"going on from step {run.standing.steps_done} of epoch {run.standing.epochs_done + 1}")


def _train_epoch(run: Run, save_seconds: float) -> None:
    recipe, standing = run.recipe, run.standing
    # Chance begins anew with each epoch and step, so that a run that was stopped goes on as if it had not been.
    chance = random.Random(f"{recipe.seed}/{standing.epochs_done}")  # noqa: S311  for training, not for secrets
    batches = draw_batches(run.examples, run.frame, recipe.batch_tokens, chance)
    total = recipe.epochs * len(batches)
    progress = Progress(standing.epochs_done * len(batches) + standing.steps_done, total, run.report)
    saved = time.monotonic()
    for batch in batches[standing.steps_done :]:
        torch.manual_seed(recipe.seed + progress.done)
        rate = recipe.learning_rate * plan_rate((progress.done + 1) / total, recipe.warmup, LAST_RATE_SHARE)
        loss = take_step(run.model, run.optimizer, batch, rate)
        standing.steps_done += 1
        if time.monotonic() - saved >= save_seconds:
            run.save()
            saved = time.monotonic()
        progress.count(batch, loss, is_last=standing.steps_done == len(batches))


def _close_epoch(run: Run) -> None:
    standing, score = run.standing, measure(run.model, run.dev)
    standing.epochs_done, standing.steps_done = standing.epochs_done + 1, 0
    if score > standing.best_score:
        standing.best_epoch, standing.best_score = standing.epochs_done, score
        standing.best_weights = copy_learned(run.model)
    run.save()
    run.report(f"epoch {standing.epochs_done}: {score[0]:.2%} right on the dev set, loss {-score[1]:.4f}")


def _describe(material: Material, recipe: FinetuningRecipe) -> dict[str, object]:
    """Return all that decides the run's outcome, by the names of the command's options where it has some."""
    return {"model": material.base, "csv": material.fingerprint, **asdict(recipe)}
