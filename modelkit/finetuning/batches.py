"""Encodes reviews with the vocabulary of an imported model, and orders them into batches."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelkit.batches import Batch, Example, collate, draw_crop
from modelkit.checkpoint import Checkpoint
from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.evaluation import GOLD_LABELS
from worker.batching import plan_micro_batches
from worker.wordpiece import build_tokenizer


@dataclass(frozen=True, slots=True)
class Frame:
    """The tokens around a window, and how many the window holds with them."""

    cls_id: int
    sep_id: int
    max_tokens: int

    def enclose(self, ids: Sequence[int]) -> list[int]:
        """Return `ids`, cut to one window, between [CLS] and [SEP]."""
        return [self.cls_id, *ids[: self.max_tokens - 2], self.sep_id]


def read_frame(checkpoint: Checkpoint) -> Frame:
    """Return the frame that the checkpoint's model was trained with.

    Raises:
        CheckpointError: its vocabulary lacks the tokens.
    """
    missing = [token for token in ("[CLS]", "[SEP]") if token not in checkpoint.tokens]
    if missing:
        raise CheckpointError(f"The model's vocab.txt has no token {' or '.join(missing)}. Fetch the model again.")
    return Frame(checkpoint.tokens.index("[CLS]"), checkpoint.tokens.index("[SEP]"), checkpoint.max_tokens)


def encode_reviews(reviews: Sequence[Review], checkpoint: Checkpoint) -> list[Example]:
    """Return the token ids of each review, and the position of its label among the checkpoint's."""
    tokenizer = build_tokenizer(checkpoint.tokens, lowercase=checkpoint.lowercase)
    encodings = tokenizer.encode_batch_fast([review.text for review in reviews])
    return [
        Example(tuple(encoding.ids), checkpoint.labels.index(GOLD_LABELS[review.label]))
        for encoding, review in zip(encodings, reviews, strict=True)
    ]


def draw_batches(examples: Sequence[Example], frame: Frame, batch_tokens: int, chance: random.Random) -> list[Batch]:
    """Return all examples once, in random order; of a long text a piece that `chance` draws."""
    order = chance.sample(examples, len(examples))
    crops = [Example(tuple(draw_crop(example.ids, frame.max_tokens - 2, chance)), example.label) for example in order]
    batches = list(plan_batches(crops, frame, batch_tokens))
    chance.shuffle(batches)
    return batches


def plan_batches(examples: Sequence[Example], frame: Frame, batch_tokens: int) -> Iterator[Batch]:
    """Yield all examples, each cut to its first window, in batches of like length."""
    sequences = [frame.enclose(example.ids) for example in examples]
    for places in plan_micro_batches([len(sequence) for sequence in sequences], batch_tokens):
        yield collate([sequences[place] for place in places], [examples[place].label for place in places])
