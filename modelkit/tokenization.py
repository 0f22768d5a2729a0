"""Compares a model's token ids, one by one, with those of ModelScope's tokenizer.

ModelScope's tokenizer asks Python's Unicode tables what a character is, the fast one brings tables of its own, some
older and some newer. On code points that only one of them knows (the newest emoji, marks and punctuation of rare
scripts, a final Σ) the two split a text differently, whatever the vocabulary. Such texts are counted and named, and
compared without those characters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers.models.bert.tokenization_bert import BasicTokenizer

from worker.classifiers import Classifier, Encoding

SHOWN_CHARS = 40

_SLOW = BasicTokenizer(do_lower_case=True)  # type: ignore[no-untyped-call]
_NORMALIZER, _SPLITTER = BertNormalizer(lowercase=True), BertPreTokenizer()


@dataclass(frozen=True, slots=True)
class IdComparison:
    """The texts as they can be compared, in order; what was taken out of them; what differs without a known reason."""

    texts: tuple[str, ...]
    disputed_texts: int
    disputed_characters: tuple[str, ...]
    mismatches: tuple[str, ...]


def compare_ids(model: Classifier, read_ids: Callable[[str], tuple[int, ...]], texts: Sequence[str]) -> IdComparison:
    """Compare what `model` makes of each whole text with `read_ids`, ModelScope's tokenizer."""
    settled: list[str] = []
    disputed: set[str] = set()
    changed, mismatches = 0, []
    for text, windows in zip(texts, model.encode(texts), strict=True):
        ours, theirs = join_windows(windows), read_ids(text)
        plain = text
        if ours != theirs and (plain := drop_disputed(text)) != text:
            changed += 1
            disputed.update(character for character in text if is_disputed(character))
            ours, theirs = join_windows(model.encode([plain])[0]), read_ids(plain)
        if ours != theirs:
            mismatches.append(_describe_mismatch(plain, ours, theirs))
        settled.append(plain)
    return IdComparison(tuple(settled), changed, tuple(sorted(disputed)), tuple(mismatches))


def join_windows(windows: Sequence[Encoding]) -> tuple[int, ...]:
    """Return the ids of a whole text, [CLS] and [SEP] included, from its overlapping windows."""
    inside = (token for window in windows for token in _list_fresh(window))
    return (windows[0].ids[0], *inside, windows[0].ids[-1])


def drop_disputed(text: str) -> str:
    """Return `text` without the characters that the two tokenizers' Unicode tables see differently."""
    return "".join(character for character in text if not is_disputed(character))


@cache
def is_disputed(character: str) -> bool:
    """Whether the two tokenizers split words differently at this character, before any vocabulary is looked at."""
    # Inside a word, and at its end, where Python's lower case of Σ is another.
    return any(_split_slowly(text) != _split(text) for text in (f"a{character}b", f"a{character}"))


def show(text: str) -> str:
    """Return the beginning of a text as a message can show it, with invisible characters as escapes."""
    return repr(text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…")


def _list_fresh(window: Encoding) -> tuple[int, ...]:
    inside = window.ids[1:-1]
    return inside[len(inside) - window.fresh_tokens :]


def _split_slowly(text: str) -> list[str]:
    words: list[str] = _SLOW.tokenize(text)  # type: ignore[no-untyped-call]
    return words


def _split(text: str) -> list[str]:
    return [word for word, _ in _SPLITTER.pre_tokenize_str(_NORMALIZER.normalize_str(text))]


def _describe_mismatch(text: str, ours: tuple[int, ...], theirs: tuple[int, ...]) -> str:
    place = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return f"{show(text)}: {len(ours)} ids, ModelScope has {len(theirs)}"
    return f"{show(text)}: id {place} is {ours[place]}, ModelScope has {theirs[place]}"
