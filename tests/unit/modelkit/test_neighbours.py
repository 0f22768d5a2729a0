"""An influence of neighbours is found wherever it comes from, and none is found where there is none."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.neighbours import BATCH_TOKENS, MAX_WINDOWS, measure_influence, plan_companies
from worker.classifiers import Arithmetic, Encoding

WINDOWS = [Encoding((1, *range(number % 40 + 1), 2), f"t{number}", number % 40 + 1) for number in range(300)]


class Swayed:
    """Adds to every probability what `sway` makes of the batch's lengths."""

    labels: tuple[str, ...] = ("negative", "positive")
    revision = "000000000000"
    max_tokens = 64
    arithmetic: Arithmetic = Arithmetic.FP32
    neutral_threshold: float | None = None

    def __init__(self, sway: Callable[[Sequence[int]], float]) -> None:
        self.sway = sway

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        raise NotImplementedError

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        added = self.sway([len(window.ids) for window in batch])
        own = np.array([0.4995 - len(window.ids) / 200 for window in batch], dtype=np.float32)
        return np.stack([own + added, 1 - own - added], axis=1).astype(np.float32)


def test_a_model_without_influence_has_none() -> None:
    influence = measure_influence(Swayed(lambda _: 0.0), WINDOWS)

    assert (influence.largest_difference, influence.changed_labels) == (0.0, 0)
    assert MAX_WINDOWS / 2 <= influence.windows <= MAX_WINDOWS


@pytest.mark.parametrize(
    "sway",
    [
        lambda lengths: 0.01 if len(lengths) > 1 else 0.0,
        lambda lengths: 0.01 if max(lengths) > min(lengths) else 0.0,
        lambda lengths: 0.01 if len(lengths) == 3 and lengths[0] == lengths[1] < lengths[2] else 0.0,
    ],
    ids=["companions", "padding", "beside the longest"],
)
def test_an_influence_is_measured(sway: Callable[[Sequence[int]], float]) -> None:
    assert measure_influence(Swayed(sway), WINDOWS).largest_difference == pytest.approx(0.01, abs=1e-6)


def test_a_label_that_neighbours_change_is_counted_and_its_text_told() -> None:
    influence = measure_influence(Swayed(lambda lengths: 0.02 if len(lengths) > 1 else 0.0), WINDOWS[:40])

    assert influence.changed_labels > 0
    assert influence.text.startswith("t")


def test_one_window_alone_still_gets_company() -> None:
    assert measure_influence(Swayed(lambda lengths: 0.1 * (len(lengths) > 1)), WINDOWS[:1]).largest_difference > 0.05


def test_plans_keep_to_the_budget_and_give_each_text_several_companies() -> None:
    lengths = [len(window.ids) for window in WINDOWS]

    plans = list(plan_companies(lengths))

    assert max(max(lengths[place] for place in plan) * len(plan) for plan in plans) <= BATCH_TOKENS
    assert {place for plan in plans for place in plan} == set(range(len(WINDOWS)))
    companies = [{place for plan in plans if own in plan for place in plan} for own in range(len(WINDOWS))]
    assert min(map(len, companies)) > 20
