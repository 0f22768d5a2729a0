"""Orders encoded reviews into batches of like length, so that little of a batch is padding."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from modelkit.vocabulary import SPECIAL_TOKENS

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


def collate(sequences: Sequence[Sequence[int]], labels: Sequence[int]) -> Batch:
    """Pad sequences that already have [CLS] and [SEP] into one batch."""
    width = max(map(len, sequences))
    ids = torch.tensor([[*sequence, *[PAD_ID] * (width - len(sequence))] for sequence in sequences])
    mask = torch.tensor([[1] * len(sequence) + [0] * (width - len(sequence)) for sequence in sequences])
    return Batch(ids, mask, torch.tensor(labels))
