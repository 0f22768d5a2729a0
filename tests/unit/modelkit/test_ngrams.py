"""The n-gram teacher finds what tells the labels apart, also where only the order does, and credits the tokens."""

import pytest

from modelkit.ngrams import NgramTeacher, teach_ngrams

GOOD, BAD, NOT, REST = 5, 6, 7, (8, 9, 10, 11)


@pytest.fixture(scope="module")
def teacher() -> NgramTeacher:
    texts = [(*REST[:n], *words, *REST[n:]) for words in ((GOOD,), (NOT, BAD), (BAD,), (NOT, GOOD)) for n in range(5)]
    return teach_ngrams(texts * 4, ([1] * 10 + [0] * 10) * 4)


def test_it_tells_apart_what_only_the_order_of_words_tells(teacher: NgramTeacher) -> None:
    praise, blame = teacher.predict([(8, NOT, BAD, 9), (8, NOT, GOOD, 9)])

    assert praise > 0.6
    assert blame < 0.4


def test_the_token_that_decides_has_the_credit(teacher: NgramTeacher) -> None:
    text = (8, NOT, GOOD, 9)

    credit = teacher.credit(text)

    assert len(credit) == len(text)
    assert min(credit) == credit[2] < 0
    assert teacher.credit((8, GOOD, 9))[1] > 0


def test_tokens_that_it_has_never_seen_say_nothing(teacher: NgramTeacher) -> None:
    assert teacher.credit((70, 71)) == (0.0, 0.0)
    assert len(teacher.predict([(70, 71), ()])) == 2
