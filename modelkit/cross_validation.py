"""Measures how well a model does on a kind of review of which it has seen no label (leave-one-domain-out)."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from modelkit.data import Review
from modelkit.loading import load_checkpoint
from modelkit.pretraining import Pretrained
from modelkit.recipe import Recipe
from modelkit.training import encode_examples, measure_accuracy, train
from modelkit.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The share of a domain's `texts` that a model labels rightly which has seen no label of that domain."""

    domain: str
    texts: int
    accuracy: float


def leave_one_domain_out(
    reviews: Sequence[Review],
    dev: Sequence[Review],
    recipe: Recipe,
    limit: int | None,
    report: Callable[[str], None],
    pretrained: Pretrained | None = None,
) -> list[HeldOut]:
    """Train once for each domain of `dev`, on the others' reviews (at most `limit`), and measure on that domain.

    The epoch and the temperature are chosen on the other domains too. A pretrained encoder may have read the domain's
    texts, never its labels.
    """
    found = []
    for domain in sorted({review.domain for review in dev}):
        learned, kept = ([review for review in rows if review.domain != domain] for rows in (reviews, dev))
        if limit is not None and len(learned) > limit:
            learned = random.Random(recipe.seed).sample(learned, limit)  # noqa: S311  for training, not for secrets
        measured = [review for review in dev if review.domain == domain]
        with TemporaryDirectory() as folder:
            accuracy = _measure(train(learned, kept, recipe, Path(folder), report, pretrained), measured)
        report(f"without {domain}: {accuracy:.2%} of its {len(measured):,} texts right")
        found.append(HeldOut(domain, len(measured), round(accuracy, 4)))
    return found


def average_accuracy(found: Sequence[HeldOut]) -> float:
    """Return the mean over domains, each counting alike."""
    return sum(one.accuracy for one in found) / len(found)


def _measure(folder: Path, reviews: Sequence[Review]) -> float:
    checkpoint = load_checkpoint(folder)
    vocabulary = Vocabulary(checkpoint.tokens, tuple(range(len(checkpoint.tokens))))
    return measure_accuracy(checkpoint.build_model(), encode_examples(reviews, vocabulary), checkpoint.max_tokens)
