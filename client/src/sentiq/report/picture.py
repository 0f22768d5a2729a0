"""Draws a report as a picture, with matplotlib."""

import io
import warnings
from typing import TYPE_CHECKING

from sentiq.errors import ExtraMissing
from sentiq.report.charts import COLORS, ORDER, Bar, Charts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Fonts that know Chinese, as they are called on Linux, macOS and Windows.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "Microsoft YaHei", "SimHei", "SimSun", "Noto Sans CJK JP",
)  # fmt: skip


def find_chinese_font() -> str | None:
    """Return an installed font that knows Chinese, or None.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    try:
        from matplotlib import font_manager
    except ImportError as err:
        raise ExtraMissing("extra_missing", package="matplotlib", extra="plots") from err
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in installed), None)


def draw_picture(charts: Charts, font: str | None) -> bytes:
    """Return the report as a PNG, written in this font.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as err:
        raise ExtraMissing("extra_missing", package="matplotlib", extra="plots") from err
    sections = [(heading, bars) for heading, bars in (charts.labels, charts.groups) if bars]
    heights = [max(len(bars), 2) * 0.4 for _, bars in sections] + [2.5]
    family = [font, "DejaVu Sans"] if font else ["DejaVu Sans"]
    with mpl.rc_context({"font.family": family, "text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the caller has told that there is no font
        figure = Figure(figsize=(8, sum(heights) + 2), layout="constrained")
        figure.suptitle(f"{charts.title}\n{charts.subtitle}", fontsize=11)
        axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        for axis, (heading, bars) in zip(axes, sections, strict=False):
            _draw_bars(axis, heading, bars)
        axes[-1].bar([name for name, _ in charts.scores[1]], [count for _, count in charts.scores[1]], color="#5b7db1")
        axes[-1].set_title(charts.scores[0], loc="left", fontsize=10)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()


def _draw_bars(axis: "Axes", heading: str, bars: list[Bar]) -> None:
    names, lefts = [bar.name for bar in bars], [0.0] * len(bars)
    for label in ORDER:
        widths = [bar.parts[label] for bar in bars]
        axis.barh(names, widths, left=lefts, color=COLORS[label])
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    axis.invert_yaxis()
    axis.set_title(heading, loc="left", fontsize=10)
