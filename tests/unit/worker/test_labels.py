"""Whatever a model calls its labels, results speak of three."""

import pytest

from shared.errors import ModelDirectoryError
from shared.states import Label
from worker.labels import parse_label


@pytest.mark.parametrize(
    ("word", "label"),
    [("负面", Label.NEGATIVE), ("0", Label.NEGATIVE), ("正面", Label.POSITIVE), ("POSITIVE", Label.POSITIVE)],
)
def test_the_labels_of_other_models_are_understood(word: str, label: Label) -> None:
    assert parse_label(word) is label


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ModelDirectoryError, match="'很棒'"):
        parse_label("很棒")
