"""The card tells what was measured, in both languages, whichever release measured it."""

from typing import Any

from modelkit.card_figures import CHINESE, ENGLISH, render_figures, render_section

EARLIER: dict[str, Any] = {
    "texts": 3,
    "accuracy": 0.6667,
    "macro_f1": 0.5,
    "calibration_error": 0.021,
    "texts_per_second": 1234.0,
    "domains": {"书|本": {"texts": 3, "accuracy": 0.6667, "macro_f1": 0.5}},
}
NOW = EARLIER | {
    "threads": 2,
    "tokens_per_second": 9.0,
    "confusion": {"negative": {"negative": 1, "positive": 0}, "positive": {"negative": 1, "positive": 1200}},
}


def test_figures_of_an_earlier_release_have_no_confusion_and_one_core() -> None:
    lines = render_figures(EARLIER, ENGLISH).splitlines()

    assert lines[2] == r"| 书\|本 | 3 | 66.67% | 50.00% |"
    assert lines[4] == ""
    assert lines[5] == "Expected calibration error (15 bins) 0.0210. About 1,234 texts a second on one core"
    assert render_figures(EARLIER, CHINESE).endswith("。单核约每秒 1,234 条")


def test_the_confusion_is_a_table_with_a_corner_in_the_reader_s_language() -> None:
    lines = render_figures(NOW, CHINESE).splitlines()

    assert lines[4:10] == [
        "",
        "| 实际 \\ 判为 | negative | positive |",
        "| --- | ---: | ---: |",
        "| negative | 1 | 0 |",
        "| positive | 1 | 1,200 |",
        "",
    ]
    assert lines[10].endswith("。2 个核约每秒 1,234 条")


def test_a_section_stands_by_itself_in_both_languages() -> None:
    section = render_section(NOW)

    assert section.startswith("## 指标 / Figures\n\n| 领域 |")
    assert "| domain | texts |" in section
    assert section.endswith("on 2 cores.\n")


def test_an_int8_model_tells_what_rounding_changed() -> None:
    rounding = {
        "texts": 3650,
        "changed_labels": 3,
        "largest_difference": 0.00867,
        "mean_difference": 0.0005,
        "float32_accuracy": 0.9208,
    }

    chinese, english = (render_figures(NOW | {"rounding": rounding}, language) for language in (CHINESE, ENGLISH))

    assert "与取整前的 float32（准确率 92.08%）相比，3,650 条中 3 条的标签不同，概率最大差 0.0087。" in chinese
    assert "Beside float32 (92.08% right), rounding changes 3 of 3,650 labels" in english
    assert "rounding" not in render_figures(NOW, ENGLISH)
