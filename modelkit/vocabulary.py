"""Builds a character vocabulary, and gives written variants of a token the same meaning.

A traditional or full-width text should score like its plain form. Instead of rewriting texts when serving, the
vocabulary holds the variants as tokens of their own (aliases) whose embedding is a copy of the plain token's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opencc import OpenCC
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from modelkit.emoji import ALIASES as EMOJI
from worker.wordpiece import build_tokenizer

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz"
CONTINUATION = "##"
MIN_CHARACTER_COUNT = 3
MIN_WORD_COUNT = 20
CJK = range(0x3400, 0xA000)
# Full-width forms lie at a fixed distance from ASCII (Unicode, Halfwidth and Fullwidth Forms, U+FF01 to U+FF5E).
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
FULL_WIDTH_CHARACTERS = {chr(wide): chr(plain) for plain, wide in FULL_WIDTH.items()}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens by id; `canonical[id]` is the id of the token whose embedding this token shares."""

    tokens: tuple[str, ...]
    canonical: tuple[int, ...]

    @property
    def learned(self) -> int:
        """Return how many tokens have an embedding of their own; they come first."""
        return max(self.canonical) + 1


def build_vocabulary(texts: Iterable[str]) -> Vocabulary:
    """Return the characters and frequent Latin words of `texts`, then their aliases."""
    counts = _count_words(texts)
    plain = list(dict.fromkeys([*SPECIAL_TOKENS, *_list_latin(counts), *_list_characters(counts)]))
    ids = {token: index for index, token in enumerate(plain)}
    aliases = {alias: ids[token] for alias, token in _list_aliases(plain) if alias not in ids}
    return Vocabulary((*plain, *aliases), (*range(len(plain)), *aliases.values()))


def encode_canonical(texts: Sequence[str], vocabulary: Vocabulary) -> list[tuple[int, ...]]:
    """Return each text's token ids, every alias replaced by its plain token, which is the one that learns."""
    encodings = build_tokenizer(vocabulary.tokens).encode_batch_fast(list(texts))
    return [tuple(vocabulary.canonical[token] for token in encoding.ids) for encoding in encodings]


def _count_words(texts: Iterable[str]) -> Counter[str]:
    normalizer, splitter = BertNormalizer(lowercase=True), BertPreTokenizer()
    words: Counter[str] = Counter()
    for text in texts:
        words.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    return words


def _list_latin(words: Counter[str]) -> Iterator[str]:
    yield from ALPHANUMERIC
    yield from (CONTINUATION + character for character in ALPHANUMERIC)
    frequent = (word for word, count in words.most_common() if count >= MIN_WORD_COUNT)
    yield from (word for word in frequent if len(word) > 1 and word.isascii() and word.isalpha())


def _list_characters(words: Counter[str]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for word, count in words.items():
        counts.update(dict.fromkeys(word, count))
    simplify = OpenCC("t2s").convert
    for character, count in counts.most_common():
        plain = FULL_WIDTH_CHARACTERS.get(character, simplify(character))
        # A form that is rarer than its plain form is too rare to learn from: it becomes an alias.
        if count >= MIN_CHARACTER_COUNT and counts[plain] <= count:
            yield character


def _list_aliases(plain: Sequence[str]) -> Iterator[tuple[str, str]]:
    known = set(plain)
    simplify = OpenCC("t2s").convert
    for character in map(chr, CJK):
        if (simplified := simplify(character)) != character and simplified in known:
            yield character, simplified
    for emoji, character in EMOJI.items():
        if character in known:
            yield emoji, character
            yield CONTINUATION + emoji, character
    for token in plain[len(SPECIAL_TOKENS) :]:
        yield from _list_token_aliases(token)


def _list_token_aliases(token: str) -> Iterator[tuple[str, str]]:
    if token.isascii():
        mark = CONTINUATION if token.startswith(CONTINUATION) else ""
        yield mark + token.removeprefix(mark).translate(FULL_WIDTH), token
    elif ord(token) not in CJK:
        # Emoji, kana and symbols are not split from their neighbours, so they also continue a word.
        yield CONTINUATION + token, token
