"""The measured figures as a model card tells them, in Chinese and English; also as a section by themselves."""

from collections.abc import Mapping
from string import Template
from typing import Any

from modelkit.report import format_confusion_markdown, format_domains_markdown

CHINESE, ENGLISH = "zh", "en"
TABLES = {
    CHINESE: """\
| 领域 | 条数 | 准确率 | 宏平均 F1 |
| --- | ---: | ---: | ---: |
$rows
$confusion
$rounding期望校准误差（15 个区间）$calibration。$cores约每秒 $speed 条""",
    ENGLISH: """\
| domain | texts | accuracy | macro F1 |
| --- | ---: | ---: | ---: |
$rows
$confusion
${rounding}Expected calibration error (15 bins) $calibration. About $speed texts a second on $cores""",
}
SECTION = "## 指标 / Figures\n\n$zh。\n\n$en.\n"
ROUNDING = {
    CHINESE: "与取整前的 float32（准确率 $accuracy）相比，$texts 条中 $changed 条的标签不同，概率最大差 $largest。",
    ENGLISH: "Beside float32 ($accuracy right), rounding changes $changed of $texts labels, "
    "and no probability by more\nthan $largest. ",
}
CORNERS = {CHINESE: "实际 \\ 判为", ENGLISH: "is \\ called"}
ONE_CORE = {CHINESE: "单核", ENGLISH: "one core"}
CORES = {CHINESE: "{} 个核", ENGLISH: "{} cores"}


def render_figures(quality: Mapping[str, Any], language: str) -> str:
    """Return the tables and the sentence after them, which goes on or wants its full stop."""
    threads = quality.get("threads", 1)  # figures of an earlier release name none, and were taken on one
    confusion = quality.get("confusion")
    return Template(TABLES[language]).substitute(
        rows=format_domains_markdown(quality),
        confusion=f"\n{format_confusion_markdown(confusion, CORNERS[language])}\n" if confusion else "",
        rounding=_render_rounding(quality.get("rounding"), language),
        calibration=f"{quality['calibration_error']:.4f}",
        speed=f"{quality['texts_per_second']:,.0f}",
        cores=ONE_CORE[language] if threads == 1 else CORES[language].format(threads),
    )


def _render_rounding(rounding: Mapping[str, Any] | None, language: str) -> str:
    if rounding is None:
        return ""
    return Template(ROUNDING[language]).substitute(
        accuracy=f"{rounding['float32_accuracy']:.2%}",
        changed=f"{rounding['changed_labels']:,}",
        texts=f"{rounding['texts']:,}",
        largest=f"{rounding['largest_difference']:.4f}",
    )


def render_section(quality: Mapping[str, Any]) -> str:
    """Return a section for any Markdown document, in both languages."""
    figures = {language: render_figures(quality, language) for language in (CHINESE, ENGLISH)}
    return Template(SECTION).substitute(figures)
