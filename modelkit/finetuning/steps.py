"""The single steps of fine-tuning: one batch learned, the dev set measured, one line of progress."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import cross_entropy

from modelkit.batches import Batch
from modelkit.errors import TrainingDiverged
from modelkit.optimization import MAX_GRADIENT_NORM, PROGRESS_STEPS
from modelkit.progress import describe_steps


def take_step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, rate: float) -> float:
    """Learn from one batch at the learning rate `rate`; return its mean loss.

    Raises:
        TrainingDiverged: the loss is infinite or not a number; the weights are those before the step.
    """
    model.train()
    loss = cross_entropy(_score(model, batch), batch.labels)
    if not math.isfinite(loss.item()):
        raise TrainingDiverged("The loss is no longer a number. Begin anew with a lower --learning-rate.")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimizer.param_groups:
        group["lr"] = rate
        torch.nn.utils.clip_grad_norm_(group["params"], MAX_GRADIENT_NORM)
    optimizer.step()
    return loss.item()


@torch.inference_mode()
def measure(model: torch.nn.Module, batches: Sequence[Batch]) -> tuple[float, float]:
    """Return the share of texts that are labelled rightly, and minus the mean loss: the greater the better."""
    model.eval()
    texts, right, loss = 0, 0, 0.0
    for batch in batches:
        logits = _score(model, batch)
        texts += len(batch.labels)
        right += int((logits.argmax(-1) == batch.labels).sum())
        loss += cross_entropy(logits, batch.labels, reduction="sum").item()
    return right / texts, -loss / texts


@dataclass(slots=True)
class Progress:
    """Tells every so many steps how a run is doing; `done` of its `total` steps are behind it."""

    done: int
    total: int
    report: Callable[[str], None]
    tokens: int = 0
    losses: list[float] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    begun_at: int = field(init=False)

    def __post_init__(self) -> None:
        """Remember where this stretch began: the speed is its own."""
        self.begun_at = self.done

    def count(self, batch: Batch, loss: float, *, is_last: bool) -> None:
        """Take in one step; report at the last one of an epoch, and now and then before."""
        self.done += 1
        self.tokens += int(batch.attention_mask.sum())
        self.losses.append(loss)
        if not (is_last or self.done % PROGRESS_STEPS == 0):
            return
        seconds = time.monotonic() - self.started
        seconds_left = (self.total - self.done) * seconds / (self.done - self.begun_at)
        where = f"step {self.done}/{self.total}"
        self.report(describe_steps(where, self.losses, self.tokens / seconds, seconds_left))
        self.losses.clear()


def _score(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits: torch.Tensor = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    return logits.float()
