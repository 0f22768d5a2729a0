"""Rows are framed and padded, and a long text shows a different piece each time."""

import random

from modelkit.batches import CLS_ID, PAD_ID, SEP_ID, collate, draw_crop


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
