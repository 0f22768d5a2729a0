"""Makes a served model of somebody's checkpoint, step by step; the model directory appears whole or not at all."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from modelkit.card import write_card
from modelkit.card_imported import ORIGIN
from modelkit.checkpoint import PIPELINE_FILE, Checkpoint, save_checkpoint
from modelkit.data import Review
from modelkit.export import add_figures, write_model
from modelkit.loading import load_checkpoint
from modelkit.sources import Source
from modelkit.verification import verify_model
from modelkit.weights import WEIGHTS_FILES
from modelkit.whole_directory import write_directory
from worker.model_directory import Manifest, load_manifest, record_file, verify_files, write_manifest

WORKSPACE = ".steps"


@dataclass(frozen=True, slots=True)
class Import:
    """A model directory in the making: each step reads it, and may hand on another one."""

    name: str
    source: Source
    checkpoint: Checkpoint
    workspace: Path
    model_dir: Path  # as the last step has left it
    dev: Sequence[Review]
    texts: Sequence[str]  # to verify with
    report: Callable[[str], None]

    def make_place(self, step: str) -> Path:
        """Return where `step` may write another model directory of the same name."""
        place = self.workspace / step / self.name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `run` returns the model directory that the next one works on."""

    title: str
    run: Callable[[Import], Path]
    is_wanted: Callable[[Import], bool] = lambda _: True


def import_checkpoint(
    source: Source,
    out: Path,
    dev: Sequence[Review],
    texts: Sequence[str],
    report: Callable[[str], None],
    *,
    overwrite: bool = False,
) -> Manifest:
    """Write the model directory `out` from a checkpoint on this machine, verified on `texts` and measured on `dev`.

    Raises:
        VerificationFailed: the converted model does not say what ModelScope's pipeline says.
        SentiqError: saying what was wrong and what to do; then `out` is as it was.
    """
    report(f"reading {source.directory}")
    checkpoint = _add_origin(load_checkpoint(source.directory), source)
    with write_directory(out, replace=overwrite) as draft:
        workspace = draft / WORKSPACE
        begun = Import(out.name, source, checkpoint, workspace, workspace, dev, texts, report)
        _take_over(_run_steps(begun), draft)
    return load_manifest(out)


def _convert(begun: Import) -> Path:
    place = begun.make_place("converted")
    place.mkdir()
    write_model(place, begun.name, begun.checkpoint)
    return place


def _verify(begun: Import) -> Path:
    reference = begun.source.directory.resolve()
    if not (reference / PIPELINE_FILE).exists():  # the pipeline reads ModelScope's layout only
        reference = begun.make_place("reference")
        save_checkpoint(reference, begun.checkpoint)
    verification = verify_model(reference, begun.model_dir, begun.texts, begun.report)
    manifest = replace(load_manifest(begun.model_dir), verification=asdict(verification))
    write_manifest(begun.model_dir, manifest)
    return begun.model_dir


def _measure(begun: Import) -> Path:
    add_figures(begun.model_dir, begun.dev)
    return begun.model_dir


def _describe(begun: Import) -> Path:
    manifest = load_manifest(begun.model_dir)
    verify_files(begun.model_dir, manifest)
    write_card(begun.model_dir, manifest)
    return begun.model_dir


STEPS = (
    Step("converting to ONNX", _convert),
    Step("comparing with ModelScope's own pipeline", _verify),
    Step("measuring on the labelled texts", _measure, is_wanted=lambda begun: bool(begun.dev)),
    Step("checking the files and writing the card", _describe),
)


def _run_steps(begun: Import) -> Path:
    steps = [step for step in STEPS if step.is_wanted(begun)]
    for number, step in enumerate(steps, start=1):
        begun.report(f"[{number}/{len(steps)}] {step.title}")
        begun = replace(begun, model_dir=step.run(begun))
    return begun.model_dir


def _add_origin(checkpoint: Checkpoint, source: Source) -> Checkpoint:
    weights = next(path for name in WEIGHTS_FILES if (path := source.directory / name).exists())
    origin = {**source.origin, "weights_sha256": record_file(weights).sha256}
    return replace(checkpoint, training={**checkpoint.training, ORIGIN: origin})


def _take_over(model_dir: Path, draft: Path) -> None:
    for path in model_dir.iterdir():
        path.rename(draft / path.name)
    shutil.rmtree(draft / WORKSPACE)
