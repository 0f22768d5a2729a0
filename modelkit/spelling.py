"""Reads how a checkpoint splits text: its tokens, and whether it lowers case.

Two forms are understood: a `vocab.txt` with an optional `tokenizer_config.json`, and Hugging Face's `tokenizer.json`.
Both must mean BERT's own WordPiece, since that is what the service runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelkit.checkpoint import TOKENIZER_OPTIONS_FILE, VOCABULARY_FILE
from modelkit.errors import CheckpointError
from modelkit.json_files import read_json_if_there, read_text
from worker.model_directory import TOKENIZER_FILE
from worker.wordpiece import MAX_WORD_CHARS, UNKNOWN, parse_vocabulary

NEEDED_TOKENS = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]")
# What a WordPiece model of tokenizer.json must say; a file that is silent means the same.
WORDPIECE = {
    "type": "WordPiece",
    "unk_token": UNKNOWN,
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": MAX_WORD_CHARS,
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """The tokens, listed by id, and whether text is lowered before it is split."""

    tokens: tuple[str, ...]
    lowercase: bool


def read_spelling(directory: Path) -> Spelling:
    """Return how the checkpoint in `directory` splits text.

    Raises:
        CheckpointError: the files are missing or damaged, or mean another tokenizer than BERT's.
    """
    options = read_json_if_there(directory / TOKENIZER_OPTIONS_FILE)
    fast = directory / TOKENIZER_FILE
    description = read_json_if_there(fast)
    normalizer = _section(description, "normalizer")
    lowercase = bool(options.get("do_lower_case", normalizer.get("lowercase", True)))
    for path, settings in ((directory / TOKENIZER_OPTIONS_FILE, options), (fast, normalizer)):
        _refuse_other_habits(path, settings, lowercase=lowercase)
    if description and not (directory / VOCABULARY_FILE).exists():
        place, tokens = fast, _list_tokens(fast, description)
    else:
        place = directory / VOCABULARY_FILE
        tokens = parse_vocabulary(read_text(place))
    missing = [token for token in NEEDED_TOKENS if token not in tokens]
    if missing:
        raise CheckpointError(f"{place} lacks {', '.join(missing)}, which every BERT has. Fetch it again.")
    return Spelling(tokens, lowercase)


def read_window(directory: Path) -> int | None:
    """Return the longest window in tokens that `tokenizer_config.json` names, if it names one."""
    named = read_json_if_there(directory / TOKENIZER_OPTIONS_FILE).get("model_max_length")
    return int(named) if isinstance(named, int | float) else None


def _list_tokens(path: Path, description: Mapping[str, Any]) -> tuple[str, ...]:
    model = _section(description, "model")
    for key, expected in WORDPIECE.items():
        if model.get(key, expected) != expected:
            raise CheckpointError(f"{path}: model.{key} is {model[key]!r}; only BERT's WordPiece can be served.")
    ids = dict(_section(model, "vocab"))
    ids |= {entry["content"]: entry["id"] for entry in description.get("added_tokens", ())}
    tokens = tuple(sorted(ids, key=ids.__getitem__))
    if [ids[token] for token in tokens] != list(range(len(tokens))):
        raise CheckpointError(f"{path}: the ids of the tokens have gaps or repeat. Fetch it again.")
    return tokens


def _refuse_other_habits(path: Path, settings: Mapping[str, Any], *, lowercase: bool) -> None:
    """Refuse what would split text otherwise than the service's tokenizer does."""
    apart = [settings.get(name, True) for name in ("tokenize_chinese_chars", "handle_chinese_chars", "clean_text")]
    if not all(apart):
        raise CheckpointError(f"{path}: Chinese characters are not split apart, which the service always does.")
    accents = settings.get("strip_accents")
    if accents is not None and bool(accents) != lowercase:
        raise CheckpointError(f"{path}: strip_accents is {accents}; the service does it exactly when it lowers case.")


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name)
    return section if isinstance(section, Mapping) else {}
