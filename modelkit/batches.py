"""Orders encoded reviews into batches of like length, so that little of a batch is padding."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from modelkit.vocabulary import SPECIAL_TOKENS
from worker.batching import plan_micro_batches

PAD_ID, CLS_ID, SEP_ID, MASK_ID = (SPECIAL_TOKENS.index(token) for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]"))


@dataclass(frozen=True, slots=True)
class Example:
    """The token ids of one review, without [CLS] and [SEP]."""

    ids: tuple[int, ...]
    label: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded ids and mask, int64 [batch, seq]; labels int64 [batch]."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor


def draw_crop(ids: Sequence[int], length: int, chance: random.Random) -> list[int]:
    """Return a window of at most `length` ids: of a long text a different piece in every epoch."""
    start = chance.randint(0, max(0, len(ids) - length))
    return list(ids[start : start + length])


def mask_tokens(ids: Sequence[int], rate: float, chance: random.Random) -> list[int]:
    """Return the ids, each replaced by [MASK] with probability `rate`: no single word may decide alone."""
    return [MASK_ID if chance.random() < rate else token for token in ids]


def collate(sequences: Sequence[Sequence[int]], labels: Sequence[int]) -> Batch:
    """Pad sequences that already have [CLS] and [SEP] into one batch."""
    width = max(map(len, sequences))
    ids = torch.tensor([[*sequence, *[PAD_ID] * (width - len(sequence))] for sequence in sequences])
    mask = torch.tensor([[1] * len(sequence) + [0] * (width - len(sequence)) for sequence in sequences])
    return Batch(ids, mask, torch.tensor(labels))


def draw_epoch(
    examples: Sequence[Example], max_tokens: int, batch_tokens: int, mask_rate: float, chance: random.Random
) -> Iterator[Batch]:
    """Yield all examples once, cropped and masked afresh, in batches of random order."""
    crops = [draw_crop(example.ids, max_tokens - 2, chance) for example in examples]
    order = list(range(len(examples)))
    chance.shuffle(order)  # so that texts of one length are not always in the same batch
    batches = plan_micro_batches([len(crops[position]) + 2 for position in order], batch_tokens)
    chance.shuffle(batches)
    for batch in batches:
        chosen = [order[place] for place in batch]
        sequences = [[CLS_ID, *mask_tokens(crops[position], mask_rate, chance), SEP_ID] for position in chosen]
        yield collate(sequences, [examples[position].label for position in chosen])
