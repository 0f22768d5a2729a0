"""What the charts of a report show, in the words of one language; the page and the picture draw the same."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from sentiq.environment import Language
from sentiq.messages import tell
from sentiq.models import Label
from sentiq.report.summary import BINS, Summary

COLORS = {Label.POSITIVE: "#2e9e6b", Label.NEUTRAL: "#9aa0a6", Label.NEGATIVE: "#d1495b"}
ORDER = (Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, and its parts by label."""

    name: str
    parts: Counter[Label]


@dataclass(frozen=True, slots=True)
class Charts:
    """A report, ready to be drawn."""

    title: str
    subtitle: str
    labels: tuple[str, list[Bar]]  # heading and bars
    scores: tuple[str, list[tuple[str, int]]]
    groups: tuple[str, list[Bar]]  # none if nothing was grouped


def make_charts(summary: Summary, job_id: UUID, language: Language, by: str | None, top: int) -> Charts:
    """Return the charts of the summary."""
    names = {label: tell(language, label.value) for label in ORDER}
    total = tell(language, "report.total", total=summary.total, scored=summary.scored, failed=summary.failed)
    return Charts(
        title=tell(language, "report.title", job=job_id),
        subtitle=total,
        labels=(
            tell(language, "report.labels"),
            [Bar(names[label], Counter({label: summary.labels[label]})) for label in ORDER if summary.labels[label]],
        ),
        scores=(
            tell(language, "report.scores"),
            [(f"{place / BINS:.1f}–{(place + 1) / BINS:.1f}", count) for place, count in enumerate(summary.bins)],
        ),
        groups=(tell(language, "report.groups", by=by), _list_groups(summary, language, top) if by else []),
    )


def _list_groups(summary: Summary, language: Language, top: int) -> list[Bar]:
    none = tell(language, "report.none")
    bars = [Bar(none if name is None else name, labels) for name, labels in summary.list_groups(top)]
    others = summary.count_others(top)
    return [*bars, Bar(tell(language, "report.others"), others)] if others else bars
