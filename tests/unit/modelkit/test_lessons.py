"""Lessons lie between label and teacher; new texts are made of whole clauses and judged by the teacher."""

import random

import pytest

from modelkit.batches import Example
from modelkit.data import NEGATIVE, NEUTRAL, POSITIVE
from modelkit.lessons import Curriculum, Lesson, prepare_curriculum

GOOD, BAD, COMMA = 5, 6, 7
EXAMPLES = [
    Example((10 + n, *((word,) * 2), COMMA, 20 + n, word, COMMA, 30 + n, COMMA), label)
    for n in range(8)
    for word, label in ((GOOD, POSITIVE), (BAD, NEGATIVE))
]
MISLABELLED = Example((10, GOOD, GOOD, COMMA), NEGATIVE)
PLAIN = Example((11, 12, 13, COMMA), NEUTRAL)


@pytest.fixture(scope="module")
def curriculum() -> Curriculum:
    return prepare_curriculum([*EXAMPLES, MISLABELLED, PLAIN], {COMMA}, 0.5, 0.1, 3, lambda _line: None)


def test_a_target_lies_between_the_label_and_the_teacher(curriculum: Curriculum) -> None:
    praise, blame = curriculum.lessons[:2]

    assert 0.5 < praise.positive < 0.975
    assert 0.025 < blame.positive < 0.5


def test_a_wrong_label_is_softened_by_the_teacher(curriculum: Curriculum) -> None:
    right, wrong = curriculum.lessons[1], curriculum.lessons[len(EXAMPLES)]

    assert wrong.ids == MISLABELLED.ids
    assert wrong.positive > right.positive + 0.1


def test_a_neutral_text_teaches_even_odds(curriculum: Curriculum) -> None:
    assert curriculum.lessons[-1].ids == PLAIN.ids
    assert curriculum.lessons[-1].positive == 0.5


def test_nothing_is_made_anew_unless_asked_for(curriculum: Curriculum) -> None:
    assert curriculum.draw(0.0, random.Random(1)) == list(curriculum.lessons)


def test_new_texts_are_made_of_whole_clauses_with_their_credits(curriculum: Curriculum) -> None:
    clauses = {ids for lesson in curriculum.lessons for ids in split(lesson.ids)}
    known = {
        (token, part) for lesson in curriculum.lessons for token, part in zip(lesson.ids, lesson.credits, strict=True)
    }

    drawn = curriculum.draw(1.0, random.Random(1))

    assert len(drawn) == len(curriculum.lessons)
    assert {ids for lesson in drawn for ids in split(lesson.ids)} <= clauses
    assert {pair for lesson in drawn for pair in zip(lesson.ids, lesson.credits, strict=True)} <= known


def test_new_texts_are_judged_by_the_teacher(curriculum: Curriculum) -> None:
    drawn = curriculum.draw(1.0, random.Random(1))

    judged = curriculum.teacher.predict([lesson.ids for lesson in drawn])
    assert [lesson.positive for lesson in drawn] == pytest.approx(judged.tolist())


def test_the_same_chance_draws_the_same_texts(curriculum: Curriculum) -> None:
    first, second = (curriculum.draw(0.5, random.Random(4)) for _ in range(2))

    assert first == second


def test_a_text_without_tokens_is_no_lesson() -> None:
    empty: list[Example] = [*EXAMPLES, Example((), POSITIVE)]

    made = prepare_curriculum(empty, {COMMA}, 0.5, 0.1, 3, lambda _line: None)

    assert len(made.lessons) == len(EXAMPLES)
    assert all(isinstance(lesson, Lesson) and lesson.ids for lesson in made.draw(1.0, random.Random(2)))


def split(ids: tuple[int, ...]) -> list[tuple[int, ...]]:
    clauses, start = [], 0
    for stop in range(1, len(ids) + 1):
        if ids[stop - 1] == COMMA or stop == len(ids):
            clauses.append(ids[start:stop])
            start = stop
    return clauses
