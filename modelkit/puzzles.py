"""StructBERT's pretraining tasks as puzzles: restore hidden tokens, shuffled trigrams, and the order of two pieces.

Source: Wang et al., "StructBERT: Incorporating Language Structures into Pre-training" (2019), sections 3.2 and 3.3. Two
departures: tokens are hidden in runs of one to three, since a Chinese word is a few characters and one of them alone
gives the others away; and the second piece belongs to the same review, which is all the document there is.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelkit.batches import CLS_ID, MASK_ID, SEP_ID, draw_crop
from modelkit.vocabulary import SPECIAL_TOKENS
from worker.batching import plan_micro_batches

IGNORED = -100  # what torch's cross entropy leaves out
HIDDEN_SHARE, SHUFFLED_SHARE = 0.15, 0.05
LONGEST_RUN = 3
MIN_PIECE_TOKENS = 4
NEXT, PREVIOUS, FOREIGN = range(3)


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Two pieces between [CLS] and [SEP]s; `targets` has the token to restore, or `IGNORED`, at each place."""

    ids: tuple[int, ...]
    targets: tuple[int, ...]
    order: int  # what the second piece is to the first, or `IGNORED` where there is only one


def draw_puzzles(
    texts: Sequence[Sequence[int]], vocabulary_size: int, max_tokens: int, batch_tokens: int, chance: random.Random
) -> Iterator[list[Puzzle]]:
    """Yield a puzzle for every text, in batches of like length and random order."""
    puzzles = [make_puzzle(ids, chance.choice(texts), vocabulary_size, max_tokens, chance) for ids in texts]
    chance.shuffle(puzzles)
    batches = plan_micro_batches([len(puzzle.ids) for puzzle in puzzles], batch_tokens)
    chance.shuffle(batches)
    for places in batches:
        yield [puzzles[place] for place in places]


def make_puzzle(
    ids: Sequence[int], other: Sequence[int], vocabulary_size: int, max_tokens: int, chance: random.Random
) -> Puzzle:
    """Cut `ids` in two, put the pieces in some order or take one from `other`, then hide and shuffle tokens."""
    first, second, order = _arrange(draw_crop(ids, max_tokens - 3, chance), other, chance)
    whole = [CLS_ID, *first, SEP_ID, *second, SEP_ID] if second else [CLS_ID, *first, SEP_ID]
    puzzle, targets = list(whole), [IGNORED] * len(whole)
    _shuffle_trigrams(puzzle, targets, chance)
    hide_runs(puzzle, targets, max(1, round(len(puzzle) * HIDDEN_SHARE)), vocabulary_size, chance)
    return Puzzle(tuple(puzzle), tuple(targets), order)


def hide_runs(puzzle: list[int], targets: list[int], count: int, vocabulary_size: int, chance: random.Random) -> None:
    """Hide `count` tokens of `puzzle` in place, in runs, and put what they were into `targets`."""
    left = count
    for _ in range(len(puzzle)):
        if left <= 0:
            return
        start = chance.randrange(1, len(puzzle))
        for place in range(start, min(start + chance.randint(1, LONGEST_RUN), len(puzzle))):
            if left <= 0 or _is_taken(puzzle, targets, place):
                break
            targets[place] = puzzle[place]
            puzzle[place] = _hide(puzzle[place], vocabulary_size, chance)
            left -= 1


def _arrange(
    ids: Sequence[int], other: Sequence[int], chance: random.Random
) -> tuple[Sequence[int], Sequence[int], int]:
    if len(ids) < 2 * MIN_PIECE_TOKENS:
        return ids, (), IGNORED
    cut = chance.randint(MIN_PIECE_TOKENS, len(ids) - MIN_PIECE_TOKENS)
    first, second, order = ids[:cut], ids[cut:], chance.choice((NEXT, PREVIOUS, FOREIGN))
    if order == PREVIOUS:
        return second, first, order
    if order == FOREIGN:
        foreign = draw_crop(other, len(second), chance)
        return (first, foreign, order) if foreign else (first, second, NEXT)
    return first, second, order


def _shuffle_trigrams(puzzle: list[int], targets: list[int], chance: random.Random) -> None:
    wanted = round(len(puzzle) * SHUFFLED_SHARE / 3 + chance.random() - 0.5)
    for _ in range(max(0, wanted)):
        start = chance.randrange(1, max(2, len(puzzle) - 3))
        places = range(start, start + 3)
        if places.stop > len(puzzle) or any(_is_taken(puzzle, targets, place) for place in places):
            continue
        originals = [puzzle[place] for place in places]
        for place, original, token in zip(places, originals, chance.sample(originals, 3), strict=True):
            puzzle[place], targets[place] = token, original


def _is_taken(puzzle: Sequence[int], targets: Sequence[int], place: int) -> bool:
    return targets[place] != IGNORED or puzzle[place] < len(SPECIAL_TOKENS)


def _hide(token: int, vocabulary_size: int, chance: random.Random) -> int:
    """Return [MASK] in 8 of 10 cases, any token in one, the token itself in one, as BERT does."""
    draw = chance.random()
    if draw < 0.8:
        return MASK_ID
    return chance.randrange(len(SPECIAL_TOKENS), vocabulary_size) if draw < 0.9 else token
