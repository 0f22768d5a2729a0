"""Every puzzle can be solved: what was hidden, moved or swapped is known, and nothing else was touched."""

import random

import pytest

from modelkit.batches import CLS_ID, MASK_ID, SEP_ID
from modelkit.puzzles import FOREIGN, IGNORED, NEXT, PREVIOUS, Puzzle, draw_puzzles, make_puzzle

SIZE = 500
TEXT, OTHER = range(10, 70), range(200, 300)
FRAME = {CLS_ID, SEP_ID}


def make_many(text: range = TEXT, count: int = 400, max_tokens: int = 128) -> list[Puzzle]:
    chance = random.Random(5)
    return [make_puzzle(text, OTHER, SIZE, max_tokens, chance) for _ in range(count)]


def solve(puzzle: Puzzle) -> list[int]:
    return [token if target == IGNORED else target for token, target in zip(puzzle.ids, puzzle.targets, strict=True)]


def split(ids: list[int]) -> list[list[int]]:
    pieces: list[list[int]] = [[]]
    for token in ids[1:-1]:
        if token == SEP_ID:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def test_a_solved_puzzle_is_the_text_in_one_of_three_orders() -> None:
    puzzles = make_many()

    for puzzle in puzzles:
        first, second = split(solve(puzzle))
        if puzzle.order == NEXT:
            assert [*first, *second] == list(TEXT)
        elif puzzle.order == PREVIOUS:
            assert [*second, *first] == list(TEXT)
        else:
            assert first == list(TEXT)[: len(first)]
            assert set(second) <= set(OTHER)
    for order in (NEXT, PREVIOUS, FOREIGN):
        assert sum(puzzle.order == order for puzzle in puzzles) > 90


def test_about_a_fifth_of_the_tokens_is_to_be_restored_mostly_behind_masks() -> None:
    puzzles = make_many()

    tokens = sum(len(puzzle.ids) for puzzle in puzzles)
    restored = sum(target != IGNORED for puzzle in puzzles for target in puzzle.targets)
    masked = sum(puzzle.ids.count(MASK_ID) for puzzle in puzzles)
    assert 0.15 < restored / tokens < 0.22
    assert 0.10 < masked / tokens < 0.14


def test_shuffled_trigrams_keep_their_tokens() -> None:
    moved = 0

    for puzzle in make_many():
        places = [
            place
            for place, (token, target) in enumerate(zip(puzzle.ids, puzzle.targets, strict=True))
            if target != IGNORED and token != target and token in puzzle.targets
        ]
        moved += len(places)

    assert moved > 400


def test_the_frame_is_never_hidden_nor_moved() -> None:
    for puzzle in make_many():
        assert all(
            target == IGNORED for token, target in zip(puzzle.ids, puzzle.targets, strict=True) if token in FRAME
        )
        assert not FRAME & set(puzzle.targets)
        assert (puzzle.ids[0], puzzle.ids[-1]) == (CLS_ID, SEP_ID)


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_short_text_is_one_piece_with_something_to_restore(length: int) -> None:
    for puzzle in make_many(range(10, 10 + length), count=50):
        assert puzzle.order == IGNORED
        assert split(solve(puzzle)) == [list(range(10, 10 + length))]
        assert len(puzzle.ids) == length + 2


def test_a_long_text_is_cropped_to_the_window() -> None:
    assert all(len(puzzle.ids) <= 32 for puzzle in make_many(max_tokens=32))


def test_an_epoch_has_one_puzzle_a_text_within_the_budget_and_the_same_for_the_same_seed() -> None:
    texts = [range(10, 10 + length) for length in range(1, 60)]

    first, second = (list(draw_puzzles(texts, SIZE, 64, 256, random.Random(7))) for _ in range(2))

    assert first == second
    assert sum(map(len, first)) == len(texts)
    assert all(max(len(one.ids) for one in batch) * len(batch) <= 256 for batch in first)
