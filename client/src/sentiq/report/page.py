"""Writes a report as one page of HTML, its charts drawn in SVG: nothing is loaded, and the reader's fonts are used."""

from html import escape

from sentiq.report.charts import COLORS, ORDER, Bar, Charts

WIDTH, BAR_HEIGHT, NAME_WIDTH, GAP = 720, 22, 180, 8
PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font-family: system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto;
  max-width: 48rem; padding: 0 1rem; color: #222; }}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1rem; margin-top: 2rem; }}
svg {{ width: 100%; height: auto; }} text {{ font-size: 13px; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{subtitle}</p>
{sections}
</body>
</html>
"""


def write_page(charts: Charts) -> str:
    """Return the report as HTML."""
    sections = [_write_section(charts.labels[0], _draw_bars(charts.labels[1]))]
    if charts.groups[1]:
        sections.append(_write_section(charts.groups[0], _draw_bars(charts.groups[1])))
    if any(count for _, count in charts.scores[1]):
        sections.append(_write_section(charts.scores[0], _draw_histogram(charts.scores[1])))
    return PAGE.format(title=escape(charts.title), subtitle=escape(charts.subtitle), sections="\n".join(sections))


def _write_section(heading: str, drawing: str) -> str:
    return f"<h2>{escape(heading)}</h2>\n{drawing}"


def _draw_bars(bars: list[Bar]) -> str:
    longest = max((bar.parts.total() for bar in bars), default=0) or 1
    room = WIDTH - NAME_WIDTH - 80
    shapes = []
    for row, bar in enumerate(bars):
        top, left = row * (BAR_HEIGHT + GAP), float(NAME_WIDTH)
        shapes.append(
            f'<text x="{NAME_WIDTH - 8}" y="{top + 16}" text-anchor="end">{escape(_shorten(bar.name))}</text>'
        )
        for label in ORDER:
            width = bar.parts[label] / longest * room
            shapes.append(
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="{COLORS[label]}"/>'
            )
            left += width
        shapes.append(f'<text x="{left + 6:.1f}" y="{top + 16}">{bar.parts.total():,}</text>')
    return _frame(shapes, len(bars) * (BAR_HEIGHT + GAP))


def _draw_histogram(bins: list[tuple[str, int]]) -> str:
    height, highest, width = 160, max(count for _, count in bins) or 1, WIDTH / len(bins)
    shapes = []
    for place, (name, count) in enumerate(bins):
        size, left = count / highest * height, place * width
        shapes.append(
            f'<rect x="{left + 2:.1f}" y="{height - size + 16:.1f}" width="{width - 4:.1f}" height="{size:.1f}" '
            f'fill="#5b7db1"><title>{escape(name)}: {count:,}</title></rect>'
        )
        shapes.append(f'<text x="{left + width / 2:.1f}" y="{height + 34}" text-anchor="middle">{escape(name)}</text>')
    return _frame(shapes, height + 44)


def _frame(shapes: list[str], height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">\n' + "\n".join(shapes) + "\n</svg>"


def _shorten(name: str) -> str:
    return name if len(name) <= 12 else f"{name[:11]}…"
