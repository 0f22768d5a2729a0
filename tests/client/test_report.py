"""What results add up to, and how it is shown."""

import sys
from uuid import UUID

import pytest

from sentiq import Client, ExtraMissing, Result, TextState
from sentiq.environment import Language
from sentiq.report.charts import make_charts
from sentiq.report.page import write_page
from sentiq.report.picture import draw_picture
from sentiq.report.summary import MAX_GROUPS, summarize

JOB = UUID(int=1)


def make_result(index: int, positive: float | None, **metadata: object) -> Result:
    if positive is None:
        return Result(index=index, text="t", state=TextState.FAILED, metadata=metadata)
    label = "positive" if positive > 0.5 else "negative"
    scores = {"positive": positive, "negative": 1 - positive}
    return Result.model_validate(
        {"index": index, "text": "t", "state": "succeeded", "label": label, "score": max(scores.values()),
         "scores": scores, "metadata": metadata}
    )  # fmt: skip


RESULTS = [
    make_result(0, 0.95, shop="A"), make_result(1, 1.0, shop="A"), make_result(2, 0.1, shop="<b>"),
    make_result(3, 0.3), make_result(4, None, shop="A"),
]  # fmt: skip


def test_labels_scores_and_groups_are_counted() -> None:
    summary = summarize(RESULTS, by="shop")

    assert (summary.total, summary.scored, summary.failed) == (5, 4, 1)
    assert summary.labels == {"positive": 2, "negative": 2}
    assert summary.bins == [0, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert summary.to_dict(top=1)["groups"] == [{"value": "A", "labels": {"positive": 2}}]
    assert summary.to_dict(top=1)["others"] == {"negative": 2}


def test_more_groups_than_anybody_reads_take_no_more_memory() -> None:
    summary = summarize((make_result(n, 0.9, user=str(n)) for n in range(MAX_GROUPS + 5)), by="user")

    assert len(summary.groups) == MAX_GROUPS
    assert summary.count_others(top=1).total() == MAX_GROUPS + 4


@pytest.mark.parametrize(("language", "word"), [(Language.CHINESE, "正面"), (Language.ENGLISH, "positive")])
def test_the_page_needs_no_other_file_and_escapes_what_callers_wrote(language: Language, word: str) -> None:
    page = write_page(make_charts(summarize(RESULTS, "shop"), JOB, language, "shop", 20))

    assert word in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "src=" not in page
    assert "http" not in page


def test_the_page_of_nothing_can_be_written() -> None:
    assert "<svg" in write_page(make_charts(summarize([]), JOB, Language.ENGLISH, None, 20))


def test_the_picture_is_a_png_even_without_a_font_for_chinese() -> None:
    charts = make_charts(summarize(RESULTS, "shop"), JOB, Language.CHINESE, "shop", 20)

    assert draw_picture(charts, None).startswith(b"\x89PNG")


def test_without_matplotlib_the_picture_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ExtraMissing, match=r"sentiq\[plots\]"):
        draw_picture(make_charts(summarize([]), JOB, Language.ENGLISH, None, 20), None)


def test_a_data_frame_has_the_callers_columns_first(client: Client) -> None:
    job = client.submit([{"text": "好", "id": "a", "metadata": {"shop": "A", "index": 7}}, "坏了"]).wait()

    frame = job.to_pandas()

    assert list(frame.columns) == [
        "id", "text", "shop", "metadata.index", "index", "state", "label", "score", "score_negative", "score_positive",
        "error",
    ]  # fmt: skip
    assert frame["label"].tolist()[0] == "positive"
    assert frame["error"].tolist()[1] == "scoring_failed"


def test_without_pandas_a_data_frame_says_what_to_install(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ExtraMissing, match=r"sentiq\[pandas\]"):
        client.submit(["好"]).wait().to_pandas()
