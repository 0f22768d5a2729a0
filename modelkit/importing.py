"""Converts a checkpoint that others have trained, and keeps where it came from."""

from collections.abc import Callable
from pathlib import Path

from modelkit.card_imported import ORIGIN
from modelkit.conversion import Wishes, convert_checkpoint
from modelkit.sources import Source
from modelkit.weights import find_weights
from worker.model_directory import Manifest, record_file


def import_checkpoint(source: Source, out: Path, wishes: Wishes, report: Callable[[str], None]) -> Manifest:
    """Write the model directory `out` from a checkpoint that is on this machine.

    Raises:
        SentiqError: saying what was wrong and what to do; then `out` is as it was.
    """
    weights = find_weights(source.directory)
    origin = {**source.origin, **({"weights_sha256": record_file(weights).sha256} if weights else {})}
    return convert_checkpoint(source.directory, out, wishes, report, {ORIGIN: origin})
