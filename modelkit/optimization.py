"""A training run on the CPU: bf16, AdamW, the learning rate up in a line and down in a line, kept after each epoch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from modelkit.errors import CheckpointError
from modelkit.progress import describe_steps
from modelkit.recipe import Recipe
from modelkit.state_files import load_state, replace_state

PROGRESS_STEPS = 25
MAX_GRADIENT_NORM = 1.0

AnyBatch = TypeVar("AnyBatch")


@dataclass(slots=True)
class Course:
    """A run under way: `module(batch)` gives the loss, a scalar; `last_rate` is the share of the rate at the end."""

    recipe: Recipe
    module: torch.nn.Module
    optimizer: torch.optim.Optimizer
    epochs: int
    last_rate: float
    report: Callable[[str], None]
    epochs_done: int = 0


def start_course(
    module: torch.nn.Module, recipe: Recipe, epochs: int, last_rate: float, report: Callable[[str], None]
) -> Course:
    """Return a run of `epochs` in which all weights of `module` learn."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return Course(recipe, module, optimizer, epochs, last_rate, report)


def run_epoch(course: Course, batches: Sequence[AnyBatch], count_tokens: Callable[[AnyBatch], int]) -> None:
    """Take one step for each batch, with a line of progress now and then."""
    course.module.train()
    started, tokens, losses = time.monotonic(), 0, []
    for index, batch in enumerate(batches, start=1):
        done = course.epochs_done + index / len(batches)
        share = plan_rate(done / course.epochs, course.recipe.warmup, course.last_rate)
        losses.append(_take_step(course, batch, course.recipe.learning_rate * share))
        tokens += count_tokens(batch)
        if index % PROGRESS_STEPS == 0 or index == len(batches):
            seconds = time.monotonic() - started
            seconds_left = (course.epochs - done) * len(batches) * seconds / index
            where = f"epoch {course.epochs_done + 1}, step {index}/{len(batches)}"
            course.report(describe_steps(where, losses, tokens / seconds, seconds_left))
            losses.clear()
    course.epochs_done += 1


def plan_rate(progress: float, warmup: float, last: float) -> float:
    """Return the share of the learning rate at `progress` (0 to 1): up in a line, then down to the share `last`."""
    if progress < warmup:
        return progress / warmup
    return 1 - (1 - last) * (progress - warmup) / (1 - warmup)


def save_course(course: Course, path: Path) -> None:
    """Keep in `path` all that `resume_course` needs."""
    state = {"recipe": _describe(course.recipe), "epochs": course.epochs_done, "model": course.module.state_dict()}
    replace_state(path, state | {"optimizer": course.optimizer.state_dict()})


def resume_course(course: Course, path: Path) -> None:
    """Go on from what `save_course` has kept in `path`, if it has.

    Raises:
        CheckpointError: the file is broken, or comes from another recipe.
    """
    if not path.exists():
        return
    recipe, model, optimizer, epochs = load_state(
        path, lambda state: (state["recipe"], state["model"], state["optimizer"], int(state["epochs"]))
    )
    if recipe != _describe(course.recipe):
        raise CheckpointError(f"{path} comes from another recipe. Choose another folder, or delete it to begin anew.")
    course.module.load_state_dict(model)
    course.optimizer.load_state_dict(optimizer)
    course.epochs_done = epochs


def _take_step(course: Course, batch: Any, rate: float) -> float:
    for group in course.optimizer.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss: torch.Tensor = course.module(batch)
    course.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(course.module.parameters(), MAX_GRADIENT_NORM)
    course.optimizer.step()
    return loss.item()


def _describe(recipe: Recipe) -> dict[str, int | float]:
    return {name: value for name, value in asdict(recipe).items() if isinstance(value, int | float)}
