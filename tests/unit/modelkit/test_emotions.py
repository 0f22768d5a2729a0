"""Texts labelled with emotions become positive, negative or neutral ones; a wrong file is told exactly."""

from pathlib import Path

import pytest

from modelkit.data import NEGATIVE, NEUTRAL, POSITIVE
from modelkit.emotions import load_emotions
from modelkit.errors import DataError


def write(folder: Path, *rows: str) -> Path:
    path = folder / "emotions.csv"
    path.write_text("\n".join(("emotion,text", *rows)) + "\n", encoding="utf-8")
    return path


def test_each_emotion_has_its_side_and_surprise_has_none(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "happy,真开心",
        "angry,气死了",
        "sad,难过",
        "fear,好怕",
        "neutral,今天周三",
        "surprise,啊？",
        "happy, ",
    )

    reviews = load_emotions(path)

    assert [review.label for review in reviews] == [POSITIVE, NEGATIVE, NEGATIVE, NEGATIVE, NEUTRAL]
    assert reviews[0].text == "真开心"


def test_an_unknown_emotion_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3: the emotion is 'bored'. Use one of: happy, angry"):
        load_emotions(write(tmp_path, "happy,真开心", "bored,无聊"))


def test_a_file_without_the_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("label,text\n1,好\n", encoding="utf-8")

    with pytest.raises(DataError, match="no column emotion"):
        load_emotions(path)
