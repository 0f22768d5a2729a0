"""Parts labelled texts into those to learn from and those to measure with, and refuses too few of them. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from modelkit.data import Review
from modelkit.errors import DataError
from modelkit.evaluation import GOLD_LABELS

DEV_SHARE = 10  # one text in so many
MIN_TEXTS_PER_LABEL = 10

Split = tuple[list[Review], list[Review]]  # to learn from, to measure with


def split_reviews(reviews: Sequence[Review], dev: Sequence[Review] | None, report: Callable[[str], None]) -> Split:
    """Return the texts to learn from, each once and none of them in the dev set, and the dev set.

    Without `dev` a tenth of each label's texts is drawn by a hash of the text: the same texts whatever their order.

    Raises:
        DataError: there is one label only, or a label has too few texts to learn from.
    """
    distinct = _drop_repeats(reviews, report)
    if dev is None:
        chosen = _draw_dev(distinct)
        learned = [review for review in distinct if review not in chosen]
        report(f"drawn as the dev set: {len(chosen):,} of {len(distinct):,} texts")
        dev = [review for review in distinct if review in chosen]
    else:
        measured = {_key(review) for review in dev}
        learned = [review for review in distinct if _key(review) not in measured]
        if shared := len(distinct) - len(learned):
            report(f"texts left out of training because the dev set has them too: {shared:,}")
    _require_enough(distinct, learned)
    return learned, list(dev)


def _key(review: Review) -> str:
    return review.text.strip()


def _drop_repeats(reviews: Iterable[Review], report: Callable[[str], None]) -> list[Review]:
    by_text: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        by_text[_key(review)].append(review)
    agreed = [group for group in by_text.values() if len({review.label for review in group}) == 1]
    if torn := len(by_text) - len(agreed):
        report(f"texts left out because they stand there with several labels: {torn:,}")
    if repeats := sum(len(group) - 1 for group in agreed):
        report(f"repetitions left out: {repeats:,}")
    return [group[0] for group in agreed]


def _draw_dev(reviews: Iterable[Review]) -> set[Review]:
    by_label: dict[int, list[Review]] = defaultdict(list)
    for review in reviews:
        by_label[review.label].append(review)
    return {
        review
        for group in by_label.values()
        for review in sorted(group, key=_hash)[: max(1, round(len(group) / DEV_SHARE))]
    }


def _hash(review: Review) -> str:
    return hashlib.sha256(_key(review).encode()).hexdigest()


def _require_enough(given: Iterable[Review], learned: Sequence[Review]) -> None:
    labels = sorted({review.label for review in given})
    if len(labels) == 1:
        raise DataError(f"Every text is {GOLD_LABELS[labels[0]]}. Give texts of at least two labels.")
    for label in labels:
        count = sum(review.label == label for review in learned)
        if count < MIN_TEXTS_PER_LABEL:
            raise DataError(
                f"Only {count} different {GOLD_LABELS[label]} texts are left to learn from. "
                f"Give at least {MIN_TEXTS_PER_LABEL} of each label, besides those of the dev set."
            )
