"""Understands the words that models use for their labels, so that results speak of three labels only."""

from shared.errors import ModelDirectoryError
from shared.states import Label

# The words that models on ModelScope and elsewhere use for the three labels.
LABEL_WORDS = {
    Label.NEGATIVE: ("negative", "neg", "负面", "消极", "0"),
    Label.POSITIVE: ("positive", "pos", "正面", "积极", "1"),
    Label.NEUTRAL: ("neutral", "neu", "中性", "2"),
}


def parse_label(word: str) -> Label:
    """Return the label that a model means by `word`, e.g. 负面 or 0.

    Raises:
        ModelDirectoryError: the word is none that we know.
    """
    for label, words in LABEL_WORDS.items():
        if str(word).strip().lower() in words:
            return label
    known = ", ".join(words[0] for words in LABEL_WORDS.values())
    raise ModelDirectoryError(f"The model has a label {word!r}; rename it to one of: {known}.")
