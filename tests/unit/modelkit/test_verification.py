"""A verification finds what differs between two backends; here both are fakes, so that each fault can be made."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.errors import VerificationFailed
from modelkit.tokenization import IdComparison
from modelkit.verification import Verification, compare_scores
from tests.fakes import FakeClassifier
from worker.classifiers import Encoding

TEXTS = ("很好", "不行", "好" * 25, " ", "东西还好，就是慢")


@dataclass(slots=True)
class Altered(FakeClassifier):
    """The fake with other probabilities: `alter` gets them, float32 [batch, labels]."""

    alter: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]] = lambda scores: scores

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        return self.alter(FakeClassifier.classify(self, batch))


def compare(
    model: FakeClassifier, reference: FakeClassifier | None = None, precision: str = "fp32"
) -> tuple[Verification, list[str]]:
    lines: list[str] = []
    ids = IdComparison(TEXTS, 0, (), ())
    return compare_scores(model, reference or FakeClassifier(), ids, precision, lines.append), lines


def test_equal_models_pass_and_the_report_says_what_was_compared() -> None:
    verification, lines = compare(FakeClassifier())

    assert (verification.texts, verification.scored_texts, verification.blank_texts) == (5, 4, 1)
    assert (verification.largest_difference, verification.changed_labels, verification.neighbour_difference) == (
        0,
        0,
        0,
    )
    assert "largest difference" in lines[-1]
    assert "moved most by its neighbours" in lines[-1]


def test_the_figures_hold_no_text_and_fit_a_manifest() -> None:
    verification, _ = compare(FakeClassifier())

    assert "好" not in str(asdict(verification))
    assert verification.modelscope
    assert verification.transformers


def test_labels_in_another_order_are_compared_by_name() -> None:
    verification, _ = compare(Altered(labels=("positive", "negative"), alter=lambda scores: scores[:, ::-1]))

    assert verification.largest_difference == 0


def test_swapped_labels_fail() -> None:
    with pytest.raises(VerificationFailed, match="4 texts have another label"):
        compare(FakeClassifier(labels=("positive", "negative")))


def test_a_small_difference_fails_fp32_and_names_the_text() -> None:
    model = Altered(alter=lambda scores: scores + np.array([-0.002, 0.002], dtype=np.float32))

    with pytest.raises(VerificationFailed, match=r"(?s)a probability differs by 0\.002000.*'很好'"):
        compare(model)
    verification, _ = compare(model, precision="int8")
    assert verification.mean_difference == pytest.approx(0.002, abs=1e-6)


def test_an_influence_of_neighbours_fails() -> None:
    model = Altered(alter=lambda scores: scores + np.float32(0.002 * (len(scores) > 1)) * np.array([-1, 1], np.float32))

    with pytest.raises(VerificationFailed, match=r"a score moves by 0\.002000 with its neighbours"):
        compare(model, precision="int8")


def test_other_windows_than_the_reference_s_fail() -> None:
    with pytest.raises(VerificationFailed, match="other windows"):
        compare(FakeClassifier(max_tokens=10))


def test_a_window_that_the_pipeline_spells_anew_is_counted_and_not_scored() -> None:
    class Respelling(FakeClassifier):
        def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
            if any(len(text) > 20 for text in texts):
                raise ValueError("a window has 13 tokens, the model reads 12 at most")
            return FakeClassifier.encode(self, texts)

    verification, _ = compare(FakeClassifier(), Respelling())

    assert (verification.texts_cut_in_words, verification.scored_texts) == (1, 3)
