"""Reads a model directory's manifest and proves that its files are the ones the manifest speaks of.

Imports nothing heavy, so that a model's revision can be named without loading the model. modelkit writes model
directories through this module too, so there is one rule for what they hold.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shared.errors import ModelDirectoryError
from shared.neutral_band import is_neutral_threshold
from shared.states import Label

FORMAT = 1
MANIFEST_FILE, MODEL_FILE, TOKENIZER_FILE = "manifest.json", "model.onnx", "tokenizer.json"
PRECISIONS = ("fp32", "int8")  # what the arithmetic is done in
MIN_TOKENS = 3  # [CLS], one token, [SEP]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The size and SHA-256 (64 hex digits) that a file of a model directory must have."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model directory holds; `labels` are in the order of the logits."""

    name: str
    architecture: str
    labels: tuple[Label, ...]
    max_tokens: int
    shape: Mapping[str, int]
    files: Mapping[str, FileRecord]
    quality: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    neutral_threshold: float | None = (
        None  # calibrated: a best probability below it means neutral, if that is asked for
    )
    precision: str = "fp32"
    verification: Mapping[str, Any] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """Return 12 hex digits that change whenever the files, the labels, the window or the threshold change."""
        return compute_revision(self.files, self.labels, self.max_tokens, self.neutral_threshold)

    @property
    def identity(self) -> str:
        """Return `name@revision`, as results carry it."""
        return f"{self.name}@{self.revision}"


def compute_revision(
    files: Mapping[str, FileRecord], labels: Iterable[Label], max_tokens: int, neutral_threshold: float | None = None
) -> str:
    """Return 12 hex digits that stand for these files, read with these labels, this window and this threshold."""
    lines = [f"{record.sha256}  {name}\n" for name, record in sorted(files.items())]
    meaning = [*labels, str(max_tokens)]
    if neutral_threshold is not None:  # with another one, the same texts get other labels
        meaning.append(f"neutral<{float(neutral_threshold)}")
    return hashlib.sha256("".join((*lines, ",".join(meaning))).encode()).hexdigest()[:12]


def load_manifest(directory: Path) -> Manifest:
    """Return the manifest of `directory`; the files themselves are not read.

    Raises:
        ModelDirectoryError: no manifest, or one that this release cannot use.
    """
    path = directory / MANIFEST_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise ModelDirectoryError(
            f"{directory} is not a model directory: it has no {MANIFEST_FILE}. "
            "Set SENTIQ_MODEL to a directory made by `python -m modelkit export`."
        ) from err
    except (OSError, ValueError, RecursionError) as err:
        raise ModelDirectoryError(f"{path} cannot be read: {err}. Export the model again.") from err
    return _parse(path, content)


def verify_files(directory: Path, manifest: Manifest) -> None:
    """Compare every file with its record in the manifest.

    Raises:
        ModelDirectoryError: naming the first file that is missing or differs, and what to do.
    """
    for name, expected in manifest.files.items():
        try:
            found = record_file(directory / name)
        except OSError as err:
            raise ModelDirectoryError(f"{directory / name} cannot be read: {err.strerror}. {_REPAIR}") from err
        if found.bytes != expected.bytes:
            sizes = f"{found.bytes:,} bytes, the manifest says {expected.bytes:,}"
            raise ModelDirectoryError(f"{directory / name} has {sizes}. {_REPAIR}")
        if found.sha256 != expected.sha256:
            raise ModelDirectoryError(f"{directory / name} is not the file the manifest names (SHA-256). {_REPAIR}")


def record_file(path: Path) -> FileRecord:
    """Return the record that a manifest keeps of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(digest, path.stat().st_size)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `manifest` into `directory`, readable by a person too."""
    content = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=2)
    (directory / MANIFEST_FILE).write_text(content + "\n", encoding="utf-8")


_REPAIR = "Restore the directory from its source (`git checkout`, or copy it again), or export the model again."


def _parse(path: Path, content: Any) -> Manifest:
    if not isinstance(content, dict):
        raise ModelDirectoryError(f"{path} holds no JSON object. Export the model again.")
    try:
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r} is unknown, this release reads format {FORMAT}")
        manifest = Manifest(
            name=content["name"],
            architecture=str(content["architecture"]),
            labels=tuple(Label(label) for label in content["labels"]),
            max_tokens=int(content["max_tokens"]),
            shape={str(key): int(value) for key, value in content["shape"].items()},
            files={name: FileRecord(str(f["sha256"]), int(f["bytes"])) for name, f in content["files"].items()},
            quality=dict(content.get("quality", {})),
            training=dict(content.get("training", {})),
            neutral_threshold=_parse_neutral_threshold(content.get("neutral_threshold")),
            precision=content.get("precision", "fp32"),
            verification=dict(content.get("verification", {})),
        )
        _check(manifest)
    except KeyError as err:
        raise ModelDirectoryError(f"{path}: the entry {err} is missing. Export the model again.") from err
    except (TypeError, AttributeError, ValueError) as err:
        raise ModelDirectoryError(f"{path}: {err}. Export the model again.") from err
    return manifest


def _parse_neutral_threshold(value: Any) -> float | None:
    if value is None:
        return None
    if not is_neutral_threshold(value):
        raise ValueError(f"neutral_threshold must be a number between 0.5 and 1, or null for none, found {value!r}")
    return float(value)


def _check(manifest: Manifest) -> None:
    labels = manifest.labels
    if not (isinstance(manifest.name, str) and manifest.name):
        raise ValueError(f"name must be a word, found {manifest.name!r}")
    if len(labels) < 2 or len(set(labels)) != len(labels):
        raise ValueError(f"labels must be two or more different ones, found {', '.join(labels) or 'none'}")
    if manifest.max_tokens < MIN_TOKENS:
        raise ValueError(f"max_tokens is {manifest.max_tokens}, at least {MIN_TOKENS} are needed")
    if manifest.neutral_threshold is not None and Label.NEUTRAL in labels:
        raise ValueError("neutral_threshold is for models that have no label neutral, and this one has it")
    if manifest.precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, found {manifest.precision!r}")
    _check_file_names(manifest.files)


def _check_file_names(names: Iterable[str]) -> None:
    missing = {MODEL_FILE, TOKENIZER_FILE} - set(names)
    if missing:
        raise ValueError(f"files must list {', '.join(sorted(missing))}")
    # A manifest may come from a stranger: it must not make us read outside its directory.
    outside = [name for name in names if Path(name).name != name]
    if outside:
        raise ValueError(f"files must be plain names in the directory, found {outside[0]!r}")
