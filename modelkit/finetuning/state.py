"""Keeps how far a run is, so that one that was stopped goes on as if it had not been."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from modelkit.errors import CheckpointError
from modelkit.state_files import load_state, replace_state

STATE_FILE = "state.pt"


@dataclass(slots=True)
class Standing:
    """How far a run is, and the best that it has found; a score is the dev set's accuracy, then minus its loss."""

    epochs_done: int = 0
    steps_done: int = 0  # of the epoch under way
    best_epoch: int = 0
    best_score: tuple[float, float] = (-1.0, 0.0)
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file in a run's folder; `run` is all that decides the run's outcome."""

    folder: Path
    run: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Return where the file is, if there is one."""
        return self.folder / STATE_FILE

    def save(self, standing: Standing, weights: Mapping[str, torch.Tensor], optimizer: Mapping[str, Any]) -> None:
        """Replace what was kept; a run killed in mid-write keeps what it had.

        Raises:
            CheckpointError: the file cannot be written.
        """
        kept = {entry.name: getattr(standing, entry.name) for entry in fields(standing)}
        content = {"run": dict(self.run), "standing": kept, "weights": dict(weights), "optimizer": dict(optimizer)}
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_state(self.path, content)

    def load(self) -> tuple[Standing, dict[str, torch.Tensor], dict[str, Any]] | None:
        """Return what `save` was given last, or None.

        Raises:
            CheckpointError: the file is broken, or another run's.
        """
        if not self.path.exists():
            return None
        standing, run, weights, optimizer = load_state(self.path, _parse)
        if changed := [name for name, value in self.run.items() if run.get(name) != value]:
            raise CheckpointError(
                f"{self.path} is of an unfinished run with another {', '.join(changed)}. "
                "Run that command again to finish it, choose other --checkpoints, or delete the file to begin anew."
            )
        return standing, weights, optimizer


def _parse(content: dict[str, Any]) -> tuple[Standing, dict[str, Any], dict[str, torch.Tensor], dict[str, Any]]:
    return Standing(**content["standing"]), content["run"], content["weights"], content["optimizer"]


def find_state(folder: Path) -> Path | None:
    """Return the file from which a run in `folder` would go on, if there is one."""
    path = folder / STATE_FILE
    return path if path.exists() else None


def discard_state(folder: Path) -> None:
    """Forget the run in `folder`, once its outcome is safe elsewhere."""
    (folder / STATE_FILE).unlink(missing_ok=True)
