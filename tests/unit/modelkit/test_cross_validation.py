"""Each domain is measured by a model that has not seen its labels."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from modelkit import unknown
from modelkit.cross_validation import HeldOut, average_accuracy, leave_one_domain_out
from modelkit.data import Review
from tests.unit.modelkit.test_training import BAD, GOOD, RECIPE

# Each domain says the opposite of the other, so a model that has seen no label of it gets all of it wrong.
REVIEWS = [
    Review(domain, label, text + "！" * count)
    for domain, is_upright in (("书", True), ("反话", False))
    for label, text in ((int(is_upright), GOOD), (int(not is_upright), BAD))
    for count in range(24)
]


@pytest.fixture(scope="module", autouse=True)
def few_steps() -> Iterator[None]:
    """Spend no time on [UNK], which does not occur here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unknown, "STEPS", 1)
        yield


@pytest.fixture(scope="module")
def found() -> tuple[list[HeldOut], list[str]]:
    lines: list[str] = []
    return leave_one_domain_out(
        REVIEWS, REVIEWS[::4], replace(RECIPE, epochs=8, learning_rate=2e-3), None, lines.append
    ), lines


def test_a_domain_that_contradicts_what_was_learned_is_all_wrong(found: tuple[list[HeldOut], list[str]]) -> None:
    assert found[0] == [HeldOut("书", 12, 0.0), HeldOut("反话", 12, 0.0)]
    assert average_accuracy(found[0]) == 0.0


def test_each_fold_says_how_it_went(found: tuple[list[HeldOut], list[str]]) -> None:
    told = [line for line in found[1] if line.startswith("without ")]
    assert told == ["without 书: 0.00% of its 12 texts right", "without 反话: 0.00% of its 12 texts right"]


def test_a_limit_makes_the_folds_smaller() -> None:
    lines: list[str] = []

    leave_one_domain_out(REVIEWS, REVIEWS[::4], replace(RECIPE, epochs=1), 30, lines.append)

    assert sum(line.startswith("30 texts, ") for line in lines) == 2


def test_the_average_counts_each_domain_alike() -> None:
    assert average_accuracy([HeldOut("书", 10, 0.5), HeldOut("酒店", 1000, 1.0)]) == pytest.approx(0.75)
