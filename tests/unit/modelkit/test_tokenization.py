"""Every id is compared; only what no vocabulary can be blamed for is set aside, and it is named."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.tokenization import compare_ids, drop_disputed, is_disputed, join_windows
from tests.fakes import FakeClassifier
from worker.classifiers import Arithmetic, Encoding

UNASSIGNED = "\u0378"  # what an emoji of tomorrow is to Python today


class Speller:
    """Gives each character its code point as id."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision = "000000000000"
    max_tokens = 512
    arithmetic: Arithmetic = Arithmetic.FP32
    neutral_threshold: float | None = None

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        return [[Encoding((1, *map(ord, text), 2), text, len(text))] for text in texts]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        raise NotImplementedError


def spell(text: str) -> tuple[int, ...]:
    return (1, *map(ord, text), 2)


def spell_without_new(text: str) -> tuple[int, ...]:
    return spell(text.replace(UNASSIGNED, ""))


def test_equal_ids_leave_nothing_to_tell() -> None:
    comparison = compare_ids(Speller(), spell, ["好", "", f"差{UNASSIGNED}"])

    assert comparison.texts == ("好", "", f"差{UNASSIGNED}")
    assert (comparison.disputed_texts, comparison.disputed_characters, comparison.mismatches) == (0, (), ())


def test_a_code_point_newer_than_python_s_tables_is_named_and_the_rest_compared() -> None:
    comparison = compare_ids(Speller(), spell_without_new, ["好", f"差{UNASSIGNED}评"])

    assert comparison.texts == ("好", "差评")
    assert (comparison.disputed_texts, comparison.disputed_characters) == (1, (UNASSIGNED,))
    assert comparison.mismatches == ()


def test_a_text_that_differs_elsewhere_too_is_not_excused() -> None:
    comparison = compare_ids(Speller(), lambda _: (1, ord("好"), 2), [f"差{UNASSIGNED}"])

    assert comparison.mismatches == (f"'差': id 1 is {ord('差')}, ModelScope has {ord('好')}",)


@pytest.mark.parametrize("theirs", [(1, 2), (1, ord("好"), 2, 2)])
def test_another_number_of_ids_is_a_mismatch(theirs: tuple[int, ...]) -> None:
    assert len(compare_ids(Speller(), lambda _: theirs, ["好"]).mismatches) == 1


@pytest.mark.parametrize("character", ["好", "a", "é", " ", "\x00", "👍", "，", "٣", "한", "か", "𠮷", "[", "\u200b"])
def test_what_both_tokenizers_know_is_not_disputed(character: str) -> None:
    assert not is_disputed(character)


@pytest.mark.parametrize("character", [UNASSIGNED, "\u2e43", "\u0898", "Σ"])
def test_what_only_one_of_them_knows_is(character: str) -> None:
    assert is_disputed(character)
    assert drop_disputed(f"好{character}吃") == "好吃"


def test_windows_are_joined_by_what_each_adds() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(37))
    (windows,) = FakeClassifier(max_tokens=12).encode([text])

    assert len(windows) > 3
    assert len(join_windows(windows)) == len(text) + 2
    assert join_windows([Encoding((1, 2), "", 0)]) == (1, 2)
