"""The model that ships with the repository says what any reader would say, whichever backend runs it."""

import random

import numpy as np
import numpy.typing as npt
import pytest

from modelkit.card import render_card
from modelkit.evaluation import score_texts
from modelkit.odd_texts import EDGE_CASES, LONG
from modelkit.verdict import BOUNDS
from tests.model.conftest import BUNDLED
from tests.model.texts import NEGATIVE, POSITIVE
from worker.classifiers import Classifier, Encoding
from worker.model_directory import load_manifest, verify_files

pytestmark = pytest.mark.model
TYPED = ("[SEP]", "[MASK]", "[CLS]", "[PAD]", "[UNK]")


def test_its_files_are_whole_small_and_measured() -> None:
    manifest = load_manifest(BUNDLED)

    verify_files(BUNDLED, manifest)
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) <= 12_000_000
    assert manifest.quality["accuracy"] >= 0.92
    assert manifest.quality["calibration_error"] <= 0.02
    assert manifest.precision == "int8"
    assert manifest.verification["precision"] == "int8"
    assert manifest.neutral_threshold
    assert (BUNDLED / "README.md").read_text(encoding="utf-8") == render_card(manifest)


@pytest.mark.parametrize("label", ["positive", "negative"])
def test_plain_sentences_get_their_label(bundled: Classifier, label: str) -> None:
    texts = POSITIVE if label == "positive" else NEGATIVE

    scores = score_texts(bundled, texts)

    labels = [bundled.labels[row.argmax()] for row in scores]
    assert dict(zip(texts, labels, strict=True)) == dict.fromkeys(texts, label)


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("這個東西質量很好，我非常喜歡", "这个东西质量很好，我非常喜欢"),
        ("服務態度很差，房間又髒又小", "服务态度很差，房间又脏又小"),
        ("用了１２天，ＷＩＦＩ就壞了", "用了12天，wifi就坏了"),
        ("ＩＰＡＤ很好用，ＯＫ", "ipad很好用，ok"),
    ],
)
def test_traditional_and_full_width_texts_score_like_their_plain_form(
    bundled: Classifier, variant: str, plain: str
) -> None:
    scores = score_texts(bundled, [variant, plain])

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


@pytest.mark.parametrize("text", ["🫠", "🫠🫨🫥", "かわいい", "ᚠᚢᚦᚨᚱᚲ"])
def test_a_text_of_unknown_characters_gets_about_even_odds(bundled: Classifier, text: str) -> None:
    (scores,) = score_texts(bundled, [text])

    assert scores.max() < 0.7


def test_a_text_scores_alike_alone_and_in_any_batch(bundled: Classifier) -> None:
    windows = list_windows(bundled, [*POSITIVE, *NEGATIVE, *EDGE_CASES, LONG])
    alone = np.concatenate([bundled.classify([window]) for window in windows])
    chance = random.Random(11)

    for _ in range(4):
        order = chance.sample(range(len(windows)), chance.randint(2, len(windows)))
        together = bundled.classify([windows[place] for place in order])

        np.testing.assert_allclose(together, alone[order], atol=1e-6)


@pytest.mark.parametrize("text", EDGE_CASES)
def test_odd_texts_get_probabilities(bundled: Classifier, text: str) -> None:
    scores = score_texts(bundled, [text])

    assert np.isfinite(scores).all()
    assert scores.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_typed_special_token_is_read_as_plain_characters(bundled: Classifier) -> None:
    frame = {bundled.encode([""])[0][0].ids[place] for place in (0, -1)}

    for typed in TYPED:
        ((window,),) = bundled.encode([f"很好{typed}很好"])
        spaced = typed.replace("[", "[ ").replace("]", " ]")
        assert not frame & set(window.ids[1:-1])
        assert window.ids == bundled.encode([f"很好{spaced}很好"])[0][0].ids


def test_a_long_text_is_covered_by_windows_and_nothing_is_cut(bundled: Classifier) -> None:
    (windows,) = bundled.encode([LONG])

    assert len(windows) > 1
    assert all(len(window.ids) <= bundled.max_tokens for window in windows)
    assert LONG.startswith(windows[0].text)
    assert LONG.endswith(windows[-1].text)
    position = 0
    for window in windows:
        start = LONG.find(window.text)
        assert start <= position
        position = max(position, start + len(window.text))
    assert position == len(LONG)


def test_both_backends_make_the_same_windows_and_scores(bundled_pair: tuple[Classifier, Classifier]) -> None:
    texts = [*POSITIVE, *NEGATIVE, *EDGE_CASES, "好" * 1000]
    onnx, reference = (list_windows(classifier, texts) for classifier in bundled_pair)

    assert onnx == reference
    scores = [score_windows(classifier, onnx) for classifier in bundled_pair]
    # Both have the same weights; int8 rounds the activations too.
    tolerance = 1e-5 if load_manifest(BUNDLED).precision == "fp32" else BOUNDS["int8"].largest_difference
    np.testing.assert_allclose(scores[0], scores[1], atol=tolerance)


def list_windows(classifier: Classifier, texts: list[str]) -> list[Encoding]:
    return [window for windows in classifier.encode(texts) for window in windows]


def score_windows(classifier: Classifier, windows: list[Encoding]) -> npt.NDArray[np.float32]:
    return np.concatenate([classifier.classify(windows[place : place + 8]) for place in range(0, len(windows), 8)])
