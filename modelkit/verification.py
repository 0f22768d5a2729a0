"""Proves that a converted model says what ModelScope's own pipeline says of the same texts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from modelkit.errors import VerificationFailed
from modelkit.evaluation import score_windows
from modelkit.neighbours import Influence, measure_influence
from modelkit.progress import ShowProgress, keep_silent
from modelkit.reference import Reference
from modelkit.report import format_verification
from modelkit.tokenization import IdComparison, compare_ids, show
from modelkit.verdict import SHOWN_TEXTS, Differences, list_problems
from shared.settings import Settings
from worker.classifiers import Classifier, Encoding
from worker.classifiers.loading import open_classifier
from worker.model_directory import load_manifest

SERVING_BACKEND: str = Settings.model_fields["backend"].default


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared and how far apart it was; differences are of probabilities, from 0 to 1. Holds no text."""

    precision: str
    texts: int
    scored_texts: int
    blank_texts: int  # nothing to score: no character that the model can read
    disputed_texts: int  # compared without code points that the tokenizers' Unicode tables see differently
    disputed_code_points: tuple[str, ...]
    texts_cut_in_words: int  # not scored: the pipeline reads the rest of a word that a window cuts as a word
    changed_labels: int
    largest_difference: float
    mean_difference: float
    neighbour_windows: int
    neighbour_difference: float
    neighbour_changed_labels: int
    checkpoint_revision: str
    modelscope: str
    transformers: str


def verify_model(
    reference: Reference,
    model_dir: Path,
    texts: Sequence[str],
    report: Callable[[str], None],
    *,
    threads: int = 1,
    backend: str = SERVING_BACKEND,
    progress: ShowProgress = keep_silent,
) -> Verification:
    """Compare `model_dir`, as the service runs it, with ModelScope's pipeline on the checkpoint it was made from.

    Raises:
        VerificationFailed: with the report, if anything differs by more than the model's precision allows.
        ModelDirectoryError: the model directory cannot be used.
    """
    precision = load_manifest(model_dir).precision
    model = open_classifier(backend, model_dir, threads)
    report(f"comparing the ids of {len(texts):,} texts with ModelScope's tokenizer")
    ids = compare_ids(model, reference.read_ids, texts)
    _require_same_reading(model, reference, ids)
    return compare_scores(model, reference, ids, precision, report, progress)


def compare_scores(
    model: Classifier,
    reference: Classifier,
    ids: IdComparison,
    precision: str,
    report: Callable[[str], None],
    progress: ShowProgress = keep_silent,
) -> Verification:
    """Compare the probabilities of texts whose ids are known to agree.

    Raises:
        VerificationFailed: with the report, if anything differs by more than `precision` allows.
    """
    report("scoring them with both, and the model's windows alone and beside others")
    readable = [text for text, windows in zip(ids.texts, model.encode(ids.texts), strict=True) if _is_readable(windows)]
    texts, ours, theirs = _pair_windows(model, reference, readable)
    order = [model.labels.index(label) for label in reference.labels]
    expected, found = score_windows(reference, theirs, progress), score_windows(model, ours, progress)[:, order]
    differences = Differences(texts, expected, found)
    influence = measure_influence(model, [window for windows in ours for window in windows])
    verification = Verification(
        precision=precision,
        texts=len(ids.texts),
        scored_texts=len(texts),
        blank_texts=len(ids.texts) - len(readable),
        disputed_texts=ids.disputed_texts,
        disputed_code_points=tuple(f"U+{ord(character):04X}" for character in ids.disputed_characters),
        texts_cut_in_words=len(readable) - len(texts),
        changed_labels=differences.changed_labels,
        largest_difference=_round(differences.by_text.max()),
        mean_difference=_round(differences.by_text.mean()),
        neighbour_windows=influence.windows,
        neighbour_difference=_round(influence.largest_difference),
        neighbour_changed_labels=influence.changed_labels,
        checkpoint_revision=reference.revision,
        modelscope=version("modelscope"),
        transformers=version("transformers"),
    )
    lines = "\n".join((format_verification(asdict(verification)), *_list_worst(differences, influence)))
    if problems := list_problems(precision, differences, influence):
        raise VerificationFailed("\n".join((*problems, lines)))
    report(lines)
    return verification


def _require_same_reading(model: Classifier, reference: Classifier, ids: IdComparison) -> None:
    """Stop before any scoring where the two do not even read the same."""
    if set(model.labels) != set(reference.labels):
        raise VerificationFailed(
            f"The model's labels are {', '.join(model.labels)}, the checkpoint's {', '.join(reference.labels)}."
        )
    if model.max_tokens != reference.max_tokens:
        raise VerificationFailed(
            f"The model's window has {model.max_tokens} tokens, the checkpoint's {reference.max_tokens}."
        )
    if ids.mismatches:
        head = f"{len(ids.mismatches):,} of {len(ids.texts):,} texts have other token ids than in ModelScope, e.g."
        raise VerificationFailed("\n  ".join((head, *ids.mismatches[:SHOWN_TEXTS])))


def _pair_windows(
    model: Classifier, reference: Classifier, texts: Sequence[str]
) -> tuple[list[str], list[list[Encoding]], list[list[Encoding]]]:
    """Return the texts that both see as the same windows, and these windows of each."""
    pairs = [
        (text, ours, theirs)
        for text, ours in zip(texts, model.encode(texts), strict=True)
        if (theirs := _find_same_windows(reference, text, ours))
    ]
    if not pairs:
        raise VerificationFailed("None of the texts can be scored by both. Give texts with words that the model knows.")
    return [text for text, _, _ in pairs], [ours for _, ours, _ in pairs], [theirs for _, _, theirs in pairs]


def _find_same_windows(reference: Classifier, text: str, ours: Sequence[Encoding]) -> list[Encoding] | None:
    """Return the pipeline's windows, or None where it spells the rest of a word that a window cuts in another way."""
    try:
        theirs = reference.encode([text])[0]
    except ValueError:  # spelled anew, with more tokens than the model reads
        return None
    if [window.fresh_tokens for window in ours] != [window.fresh_tokens for window in theirs]:
        raise VerificationFailed(f"The model cuts {show(text)} into other windows than the reference backend.")
    return theirs if [window.ids for window in ours] == [window.ids for window in theirs] else None


def _is_readable(windows: Sequence[Encoding]) -> bool:
    """Whether the service would score the text; it fails one without any token."""
    return any(window.fresh_tokens for window in windows)


def _list_worst(differences: Differences, influence: Influence) -> list[str]:
    moved = f"  {influence.largest_difference:.8f}  {show(influence.text)}"
    worst = ("largest differences, ModelScope → model:", *differences.list_worst())
    return [*worst, "moved most by its neighbours:", moved]


def _round(value: float | np.float32) -> float:
    return round(float(value), 8)
