"""The reference gives the pipeline's scores, and has the pipeline score each window once."""

from pathlib import Path

import numpy as np
import pytest

from modelkit.conversion import Wishes, convert_checkpoint
from modelkit.reference import Reference
from tests.checkpoints import TEXTS, write_checkpoint
from worker.classifiers import Encoding
from worker.classifiers.modelscope import ModelScopeClassifier

pytestmark = pytest.mark.model


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return the ids of all windows that reach the pipeline."""
    seen: list[tuple[int, ...]] = []
    classify = ModelScopeClassifier.classify

    def note(self: ModelScopeClassifier, batch: list[Encoding]) -> object:
        seen.extend(window.ids for window in batch)
        return classify(self, batch)

    monkeypatch.setattr(ModelScopeClassifier, "classify", note)
    return seen


def test_it_scores_as_the_pipeline_does_in_any_order(tmp_path: Path, scored: list[tuple[int, ...]]) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint")
    reference, pipeline = Reference(checkpoint, 1), ModelScopeClassifier(checkpoint, 1)
    windows = [window for its_windows in pipeline.encode(TEXTS) for window in its_windows]

    first, second = reference.classify(windows), reference.classify(windows[::-1])

    assert len(scored) == len(set(scored)) == len(set(TEXTS))
    np.testing.assert_array_equal(first, second[::-1])
    np.testing.assert_allclose(first, pipeline.classify(windows), atol=1e-6)


def test_both_models_of_a_conversion_are_compared_with_the_same_scores(
    tmp_path: Path, scored: list[tuple[int, ...]]
) -> None:
    lines: list[str] = []

    convert_checkpoint(write_checkpoint(tmp_path / "checkpoint"), tmp_path / "out", Wishes(TEXTS), lines.append)

    assert sum("comparing the" in line and line.startswith("[") for line in lines) == 2
    assert len(scored) == len(set(scored)) == len(set(TEXTS))
