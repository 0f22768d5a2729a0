"""Batches lose no text, stay within their budget and differ from epoch to epoch."""

import random

from modelkit.batches import CLS_ID, MASK_ID, PAD_ID, SEP_ID, Example, collate, draw_crop, draw_epoch, mask_tokens

EXAMPLES = [Example(tuple(range(10, 10 + length)), length % 2) for length in range(1, 60)]


def test_an_epoch_holds_every_example_once_within_the_budget() -> None:
    batches = list(draw_epoch(EXAMPLES, 64, 256, 0.0, random.Random(1)))

    lengths = [int(row.sum()) - 2 for batch in batches for row in batch.attention_mask]
    assert sorted(lengths) == list(range(1, 60))
    assert max(batch.input_ids.numel() for batch in batches) <= 256


def test_rows_are_framed_padded_and_keep_their_label() -> None:
    batch = collate([[CLS_ID, 7, SEP_ID], [CLS_ID, SEP_ID]], [1, 0])

    assert batch.input_ids.tolist() == [[CLS_ID, 7, SEP_ID], [CLS_ID, SEP_ID, PAD_ID]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch.labels.tolist() == [1, 0]


def test_a_long_text_shows_another_piece_each_time() -> None:
    chance = random.Random(3)

    pieces = {tuple(draw_crop(range(1000), 50, chance)) for _ in range(20)}

    assert len(pieces) > 10
    assert all(piece == tuple(range(piece[0], piece[0] + 50)) for piece in pieces)


def test_masking_hides_about_the_asked_share() -> None:
    masked = mask_tokens([9] * 10_000, 0.1, random.Random(4))

    assert 800 < masked.count(MASK_ID) < 1200


def test_the_same_seed_draws_the_same_epoch() -> None:
    first, second = (list(draw_epoch(EXAMPLES, 16, 128, 0.1, random.Random(7))) for _ in range(2))

    assert all(a.input_ids.equal(b.input_ids) for a, b in zip(first, second, strict=True))
