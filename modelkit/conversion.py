"""Makes a served model of a checkpoint, step by step; the model directory appears whole or not at all."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from modelkit.card import write_card
from modelkit.checkpoint import PIPELINE_FILE, Checkpoint, save_checkpoint
from modelkit.data import Review
from modelkit.export import add_figures, write_model
from modelkit.loading import load_checkpoint
from modelkit.quantization import write_int8_model
from modelkit.reference import Reference
from modelkit.verification import verify_model
from modelkit.whole_directory import write_directory
from worker.model_directory import Manifest, load_manifest, verify_files, write_manifest

WORKSPACE = ".steps"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a model is made: `texts` to verify with, `dev` to measure with (or none), in int8 or in float32."""

    texts: Sequence[str]
    dev: Sequence[Review] = ()
    is_int8: bool = True
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """A model directory in the making: each step reads it, and may hand on another one."""

    name: str
    checkpoint: Checkpoint
    workspace: Path
    model_dir: Path  # as the last step has left it
    wishes: Wishes
    report: Callable[[str], None]
    open_reference: Callable[[], Reference]  # loads it when a step first asks, and once

    def make_place(self, step: str) -> Path:
        """Make a folder for what `step` writes."""
        place = self.find_place(step)
        place.mkdir(parents=True)
        return place

    def find_place(self, step: str) -> Path:
        """Return the folder that `step` writes, or has written."""
        return self.workspace / step / self.name


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `run` returns the model directory that the next one works on."""

    title: str
    run: Callable[[Conversion], Path]
    is_wanted: Callable[[Wishes], bool] = lambda _: True


def convert_checkpoint(
    source: Path,
    out: Path,
    wishes: Wishes,
    report: Callable[[str], None],
    notes: Mapping[str, Any] | None = None,
) -> Manifest:
    """Write the model directory `out` from the checkpoint in `source`; `notes` are added to the manifest's training.

    Raises:
        VerificationFailed: the converted model does not say what ModelScope's pipeline says.
        SentiqError: saying what was wrong and what to do; then `out` is as it was.
    """
    report(f"reading {source}")
    checkpoint = load_checkpoint(source)
    checkpoint = replace(checkpoint, training={**checkpoint.training, **(notes or {})})
    with write_directory(out, replace=wishes.overwrite) as draft:
        workspace = draft / WORKSPACE
        reference = cache(lambda: _open_reference(source, checkpoint, workspace))
        begun = Conversion(out.name, checkpoint, workspace, workspace, wishes, report, reference)
        _take_over(_run_steps(begun), draft)
    return load_manifest(out)


def _open_reference(source: Path, checkpoint: Checkpoint, workspace: Path) -> Reference:
    if (source / PIPELINE_FILE).exists():
        return Reference(source, threads=1)
    written = workspace / "reference"  # the pipeline reads ModelScope's layout only
    save_checkpoint(written, checkpoint)
    return Reference(written, threads=1)


def _convert(begun: Conversion) -> Path:
    place = begun.make_place("float32")
    write_model(place, begun.name, begun.checkpoint)
    return place


def _quantize(begun: Conversion) -> Path:
    place = begun.make_place("int8")
    write_int8_model(begun.model_dir, load_manifest(begun.model_dir), place, begun.name)
    return place


def _verify(begun: Conversion) -> Path:
    verification = verify_model(begun.open_reference(), begun.model_dir, begun.wishes.texts, begun.report)
    manifest = replace(load_manifest(begun.model_dir), verification=asdict(verification))
    write_manifest(begun.model_dir, manifest)
    return begun.model_dir


def _measure(begun: Conversion) -> Path:
    exact = begun.find_place("float32")
    add_figures(begun.model_dir, begun.wishes.dev, exact if begun.model_dir != exact else None)
    return begun.model_dir


def _describe(begun: Conversion) -> Path:
    manifest = load_manifest(begun.model_dir)
    verify_files(begun.model_dir, manifest)
    write_card(begun.model_dir, manifest)
    return begun.model_dir


STEPS = (
    Step("converting to ONNX", _convert),
    Step("comparing the float32 model with ModelScope's own pipeline", _verify),
    Step("quantizing to int8", _quantize, is_wanted=lambda wishes: wishes.is_int8),
    Step("comparing the int8 model with ModelScope's own pipeline", _verify, is_wanted=lambda wishes: wishes.is_int8),
    Step("measuring on the labelled texts", _measure, is_wanted=lambda wishes: bool(wishes.dev)),
    Step("checking the files and writing the card", _describe),
)


def _run_steps(begun: Conversion) -> Path:
    steps = [step for step in STEPS if step.is_wanted(begun.wishes)]
    for number, step in enumerate(steps, start=1):
        begun.report(f"[{number}/{len(steps)}] {step.title}")
        begun = replace(begun, model_dir=step.run(begun))
    return begun.model_dir


def _take_over(model_dir: Path, draft: Path) -> None:
    for path in model_dir.iterdir():
        path.rename(draft / path.name)
    shutil.rmtree(draft / WORKSPACE)
