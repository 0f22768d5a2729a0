"""What may differ by how much, at each precision."""

import numpy as np
import pytest

from modelkit.neighbours import Influence
from modelkit.verdict import BOUNDS, Differences, list_problems

CALM = Influence(10, 0.0, 0, "好")


def differ(texts: int, *, by: float = 0.0, first_by: float = 0.0) -> Differences:
    """Return texts that are 0.7 positive in the original, all `by` less in the model, the first one `first_by` less."""
    expected = np.tile(np.array([0.3, 0.7], dtype=np.float32), (texts, 1))
    less = np.full(texts, by, dtype=np.float32)
    less[0] = max(by, first_by)
    found = (expected + np.stack([less, -less], axis=1)).astype(np.float32)
    return Differences([f"第{number}条" for number in range(texts)], expected, found)


@pytest.mark.parametrize("precision", BOUNDS)
def test_equal_scores_have_no_problem(precision: str) -> None:
    assert list_problems(precision, differ(100), CALM) == []


@pytest.mark.parametrize(("precision", "fine", "too_much"), [("fp32", 0.00009, 0.00012), ("int8", 0.04, 0.06)])
def test_the_largest_difference_is_bounded(precision: str, fine: float, too_much: float) -> None:
    assert list_problems(precision, differ(100, first_by=fine), CALM) == []
    (problem,) = list_problems(precision, differ(100, first_by=too_much), CALM)
    assert problem.startswith("a probability differs by 0.0")


def test_the_mean_difference_of_int8_is_bounded() -> None:
    (problem,) = list_problems("int8", differ(100, by=0.02), CALM)

    assert problem == "probabilities differ by 0.020000 on average from ModelScope's; at most 0.01 may"


@pytest.mark.parametrize(("texts", "allowed"), [(10, 1), (999, 1), (3_650, 3)])
def test_int8_may_change_one_label_in_a_thousand(texts: int, allowed: int) -> None:
    assert BOUNDS["int8"].count_allowed(texts) == allowed
    assert BOUNDS["fp32"].count_allowed(texts) == 0


def test_a_changed_label_of_fp32_is_a_problem() -> None:
    expected = np.array([[0.50001, 0.49999]], dtype=np.float32)
    differences = Differences(["好"], expected, expected[:, ::-1])

    assert list_problems("fp32", differences, CALM) == ["1 texts have another label than in ModelScope; at most 0 may"]


@pytest.mark.parametrize("influence", [Influence(10, 0.0011, 0, "好"), Influence(10, 0.0, 1, "好")])
def test_any_influence_of_neighbours_is_a_problem(influence: Influence) -> None:
    (problem,) = list_problems("int8", differ(10), influence)

    assert "neighbours" in problem


def test_a_score_that_is_no_number_is_a_problem() -> None:
    assert list_problems("fp32", differ(10, first_by=float("nan"), by=float("nan")), CALM) != []


def test_the_worst_texts_are_listed_with_both_scores() -> None:
    (first, *others) = differ(10, first_by=0.25).list_worst()

    assert first.split() == ["0.25000000", "0.700000", "→", "0.450000", "'第0条'"]
    assert len(others) == 2
