"""Counts results by label, by score and by a column of the caller's; memory stays flat, however many there are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sentiq.models import Label, Result, TextState

BINS = 10
# Who groups by a column of a million values gets the rest in one group.
MAX_GROUPS = 10_000
MAX_COLUMNS = 500  # as many as the service takes by default


@dataclass(slots=True)
class Summary:
    """What the texts of a job add up to."""

    total: int = 0
    failed: int = 0
    labels: Counter[Label] = field(default_factory=Counter)
    bins: list[int] = field(default_factory=lambda: [0] * BINS)  # of the probability of `positive`, from 0 to 1
    groups: dict[str | None, Counter[Label]] = field(default_factory=dict)  # None: texts without the column
    others: Counter[Label] = field(default_factory=Counter)
    columns: dict[str, None] = field(default_factory=dict)  # the names of the caller's, in their order

    @property
    def scored(self) -> int:
        """How many texts have a label."""
        return self.labels.total()

    def add(self, result: Result, by: str | None = None) -> None:
        """Count one result."""
        self.total += 1
        self.failed += result.state is TextState.FAILED
        if len(self.columns) < MAX_COLUMNS:
            self.columns.update(dict.fromkeys(result.metadata or ()))
        if result.label is None:
            return
        self.labels[result.label] += 1
        positive = (result.scores or {}).get(Label.POSITIVE)
        if positive is not None:
            self.bins[min(int(positive * BINS), BINS - 1)] += 1
        if by is not None:
            self._find_group(result, by)[result.label] += 1

    def list_groups(self, top: int) -> list[tuple[str | None, Counter[Label]]]:
        """Return the groups with most texts, the largest first."""
        return sorted(self.groups.items(), key=lambda item: (-item[1].total(), item[0] or ""))[:top]

    def count_others(self, top: int) -> Counter[Label]:
        """Return the labels of all texts that are in none of the groups with most texts."""
        shown: Counter[Label] = sum((labels for _, labels in self.list_groups(top)), Counter())
        grouped: Counter[Label] = sum(self.groups.values(), Counter(self.others))
        return grouped - shown

    def to_dict(self, top: int) -> dict[str, Any]:
        """Return the summary for JSON."""
        return {
            "total": self.total,
            "scored": self.scored,
            "failed": self.failed,
            "labels": {label.value: count for label, count in self.labels.items()},
            "positive_histogram": self.bins,
            "groups": [
                {"value": value, "labels": {label.value: count for label, count in labels.items()}}
                for value, labels in self.list_groups(top)
            ],
            "others": {label.value: count for label, count in self.count_others(top).items()},
        }

    def _find_group(self, result: Result, by: str) -> Counter[Label]:
        value = (result.metadata or {}).get(by)
        name = None if value is None or value == "" else str(value)
        if name not in self.groups and len(self.groups) >= MAX_GROUPS:
            return self.others
        return self.groups.setdefault(name, Counter())


def summarize(results: Iterable[Result], by: str | None = None) -> Summary:
    """Return what the results add up to, grouped by the caller's column `by` if it is given."""
    summary = Summary()
    for result in results:
        summary.add(result, by)
    return summary
