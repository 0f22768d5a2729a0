"""Texts to learn from and texts to measure with never meet, and too few of them are refused."""

import random

import pytest

from modelkit.data import Review
from modelkit.errors import DataError
from modelkit.finetuning.split import split_reviews
from tests.unit.modelkit.finetuning_texts import DEV, LEARNED

MANY = [Review("书", label, f"第{number}本") for number in range(200) for label in [number % 3 == 0]]


def split(reviews: list[Review], dev: list[Review] | None = None) -> tuple[list[Review], list[Review], list[str]]:
    lines: list[str] = []
    return *split_reviews(reviews, dev, lines.append), lines


def test_a_tenth_of_each_label_is_drawn_whatever_the_order() -> None:
    learned, dev, lines = split(MANY)
    shuffled = random.Random(5).sample(MANY, len(MANY))

    assert (len(learned), len(dev)) == (180, 20)
    assert sum(review.label for review in dev) == 7
    assert set(learned) | set(dev) == set(MANY)
    assert set(split(shuffled)[1]) == set(dev)
    assert lines == ["drawn as the dev set: 20 of 200 texts"]


def test_texts_of_a_given_dev_set_are_told_of_and_not_learned() -> None:
    learned, dev, lines = split([*LEARNED, Review("书", 1, f" {DEV[0].text}\n")], DEV)

    assert (learned, dev) == (LEARNED, DEV)
    assert lines == ["texts left out of training because the dev set has them too: 1"]


def test_a_text_is_learned_once_and_not_at_all_if_its_labels_differ() -> None:
    odd = Review("书", 0, LEARNED[0].text)

    learned, _, lines = split([*LEARNED, LEARNED[1], odd], DEV)

    assert learned == LEARNED[1:]
    assert lines == ["texts left out because they stand there with several labels: 1", "repetitions left out: 1"]


@pytest.mark.parametrize("dev", [None, DEV])
def test_too_few_texts_of_a_label_are_refused_with_their_number(dev: list[Review] | None) -> None:
    few = [review for review in LEARNED if review.label == 0][: 10 if dev is None else 9]
    plenty = [review for review in LEARNED if review.label == 1]

    with pytest.raises(DataError, match=r"Only 9 different negative texts .* at least 10 of each label"):
        split([*few, *plenty], dev)


def test_a_file_given_as_its_own_dev_set_is_refused() -> None:
    with pytest.raises(DataError, match="Only 0 different negative texts"):
        split(LEARNED, LEARNED)


def test_texts_of_one_label_teach_nothing() -> None:
    with pytest.raises(DataError, match="Every text is positive"):
        split([review for review in LEARNED if review.label == 1])
