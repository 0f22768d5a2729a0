"""BERT's tokenizer for a vocabulary, as ModelScope's StructBERT models use it, in the fast implementation."""

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

UNKNOWN = "[UNK]"
MAX_WORD_CHARS = 100  # BERT's own limit: a longer word is unknown


def build_tokenizer(tokens: Sequence[str], *, lowercase: bool = True) -> Tokenizer:
    """Return a WordPiece over `tokens`, which are listed by id; it lowers case and drops accents unless told not to.

    No special token is registered for matching, so a `[SEP]` that a user typed stays five plain characters.
    """
    ids = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=MAX_WORD_CHARS))
    tokenizer.normalizer = BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


def parse_vocabulary(content: str) -> tuple[str, ...]:
    """Return the tokens of a vocab.txt, one a line, listed by id."""
    return tuple(content.removesuffix("\n").split("\n"))
