"""Decides what a word on the command line means, a local directory or a model of the hub, and brings it here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelkit.errors import CheckpointError
from modelkit.hub import ALIASES, DEFAULT_CACHE, DEFAULT_REVISION, HubModel, download, find_hub_model

PATH_BEGINNINGS = (".", "/", "~")


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Which state of a model, where what was fetched is kept, and the hub (None: ModelScope's own settings)."""

    revision: str = DEFAULT_REVISION
    cache: Path = DEFAULT_CACHE
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint's directory on this machine, and where it came from, as manifest and card tell it."""

    directory: Path
    origin: Mapping[str, str] = field(default_factory=dict)


def parse_source(word: str) -> Path | HubModel:
    """Return the directory that `word` leads to, or else the model of the hub that it names.

    Whatever begins like a path never means a hub, and a directory that is there wins over a model of the same name.

    Raises:
        CheckpointError: it is neither.
    """
    path = Path(word).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.exists():
        raise CheckpointError(f"{word} is a file. Give the directory that holds the checkpoint.")
    model = None if word.startswith(PATH_BEGINNINGS) else find_hub_model(word)
    if model is None:
        raise CheckpointError(
            f"{word} is no directory here, nor the name of a model: give a path, an id such as owner/model, "
            f"or one of {', '.join(ALIASES)}."
        )
    return model


def fetch(wanted: Path | HubModel, options: HubOptions, report: Callable[[str], None]) -> Source:
    """Return the checkpoint's directory, fetched first if the hub has it.

    Raises:
        HubFailed: saying why it could not be fetched.
    """
    if isinstance(wanted, Path):
        return Source(wanted, {"directory": wanted.name})
    report(f"fetching {' or '.join(wanted.model_ids)}, revision {options.revision}")
    fetched = download(wanted, options.revision, options.cache, options.endpoint)
    report(f"{fetched.model_id} lies in {fetched.directory}")
    origin = {"model_id": fetched.model_id, "revision": fetched.revision, "hub": fetched.endpoint}
    return Source(fetched.directory, origin)
