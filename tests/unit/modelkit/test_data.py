"""A labelled file either trains a model, or is refused with the line that is wrong."""

from pathlib import Path

import pytest

from modelkit.data import Review, load_measured, load_reviews, load_texts
from modelkit.errors import DataError

HEADER = "domain,label,text\n"


def write(folder: Path, content: str) -> Path:
    path = folder / "reviews.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_rows_become_reviews_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + '酒店,1,"干净,安静"\n酒店,0,"第一行\n第二行"\n')

    reviews = load_reviews(path)

    assert reviews == [Review("酒店", 1, "干净,安静"), Review("酒店", 0, "第一行\n第二行")]


def test_a_byte_order_mark_and_more_columns_are_welcome(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufefftext,stars,label,domain\n好,5,1,书\n坏,1,0,书\n")

    assert [review.text for review in load_reviews(path)] == ["好", "坏"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no column domain, label, text"),
        ("label,text\n1,好\n", "no column domain"),
        (HEADER, "no row under the header"),
        (HEADER + "书,1,好\n书,1,很好\n", "every text is positive"),
        (HEADER + "书,0,坏\n", "every text is negative"),
        (HEADER + "书,1,好\n书,正面,好\n", "line 3: the label is '正面'"),
        (HEADER + "书,1,好\n书,2,好\n", "Use 1 for positive, 0 for negative."),
        (HEADER + "书,1,好\n书,neutral,书\n", "line 3: the label is 'neutral'"),
        (HEADER + "书,1,好\n书,0,  \n", "line 3: the text is empty"),
        (HEADER + "书,1\n", "line 2: the text is empty"),
        (HEADER + "书\n", "line 2: the label is None"),
    ],
)
def test_a_file_that_cannot_train_is_refused_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path, content)

    with pytest.raises(DataError) as refusal:
        load_reviews(path)

    assert message in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_labels_may_be_words(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "书,positive,好\n书, Negative ,坏\n")

    assert [review.label for review in load_reviews(path)] == [1, 0]


def test_a_file_to_measure_with_may_hold_neutral_texts_or_one_label_alone(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "书,neutral,书\n书,1,好\n")
    assert [review.label for review in load_measured(path)] == [2, 1]

    path = write(tmp_path, HEADER + "书,1,好\n")
    assert [review.label for review in load_measured(path)] == [1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER, "no row under the header"),
        (HEADER + "书,happy,好\n", "Use 1 for positive, 0 for negative, or neutral."),
        ("text\n好\n", "no column domain, label"),
    ],
)
def test_a_file_that_cannot_measure_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_measured(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read \(No such file"):
        load_reviews(tmp_path / "nowhere.csv")


def test_another_encoding_is_refused_kindly(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_bytes((HEADER + "书,1,很好\n").encode("gb18030"))

    with pytest.raises(DataError, match="Save it as UTF-8"):
        load_reviews(path)


def test_plain_texts_need_one_column_and_may_have_gaps(tmp_path: Path) -> None:
    path = write(tmp_path, "emotion,text\nhappy,好\nsad,\nfear,  \nangry,坏\n")

    assert load_texts(path) == ["好", "坏"]


@pytest.mark.parametrize(("content", "message"), [("label\n1\n", "no column text"), ("text\n\n", "there is no text")])
def test_a_file_without_texts_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_texts(write(tmp_path, content))
