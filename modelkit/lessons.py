"""What the small model learns from: each text with a probability of positive, and with what each token adds to it.

The probabilities lie between the label and what a teacher says who has not seen the text. New texts are made from
clauses of the given ones; the teacher alone says how they feel. Sources: Hinton et al., "Distilling the Knowledge in a
Neural Network" (2015), for the soft targets.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from modelkit.batches import Example
from modelkit.data import NEUTRAL
from modelkit.ngrams import NgramTeacher, teach_ngrams

FOLDS = 4  # a teacher judges only texts that it has not learned from
CLAUSE_ENDS = "，。！？；、,.!?;~…"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text's ids without [CLS] and [SEP], its probability of positive, and each token's credit (same length)."""

    ids: tuple[int, ...]
    positive: float
    credits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """All lessons, and the teacher who judges what is made of them."""

    lessons: tuple[Lesson, ...]
    teacher: NgramTeacher
    clause_ends: Collection[int]  # token ids

    def draw(self, share: float, chance: random.Random) -> list[Lesson]:
        """Return all lessons once, a `share` of them replaced by new texts made of their clauses."""
        drawn = list(self.lessons)
        places = [place for place in range(len(drawn)) if chance.random() < share]
        for place in places:
            drawn[place] = self._recombine(drawn[place], chance)
        judged = self.teacher.predict([drawn[place].ids for place in places]) if places else ()
        for place, positive in zip(places, judged, strict=True):
            drawn[place] = replace(drawn[place], positive=float(positive))
        return drawn

    def _recombine(self, lesson: Lesson, chance: random.Random) -> Lesson:
        """Return some clauses of the lesson in a row, or half of them mixed with half of another's."""
        clauses = self._split(lesson)
        if chance.random() < 0.5:
            count = chance.randint(1, len(clauses))
            start = chance.randint(0, len(clauses) - count)
            return _join(clauses[start : start + count])
        others = self._split(chance.choice(self.lessons))
        mixed = [part for side in (clauses, others) for part in chance.sample(side, max(1, len(side) // 2))]
        chance.shuffle(mixed)
        return _join(mixed)

    def _split(self, lesson: Lesson) -> list[Lesson]:
        clauses, start = [], 0
        for stop, token in enumerate(lesson.ids, start=1):
            if (token in self.clause_ends and stop - start > 1) or stop == len(lesson.ids):
                clauses.append(replace(lesson, ids=lesson.ids[start:stop], credits=lesson.credits[start:stop]))
                start = stop
        return clauses


def prepare_curriculum(
    examples: Sequence[Example],
    clause_ends: Collection[int],
    teacher_share: float,
    label_smoothing: float,
    seed: int,
    report: Callable[[str], None],
) -> Curriculum:
    """Return the lessons of `examples`; neutral ones teach even odds and are not shown to the teacher."""
    decided = [example for example in examples if example.label != NEUTRAL]
    taught = _predict_unseen(decided, seed, report)
    teacher = _teach(decided)
    lessons = []
    for example, judged in zip(decided, taught, strict=True):
        label = label_smoothing / 2 + (1 - label_smoothing) * example.label
        positive = (1 - teacher_share) * label + teacher_share * judged
        lessons.append(Lesson(example.ids, positive, teacher.credit(example.ids)))
    lessons += [Lesson(e.ids, 0.5, teacher.credit(e.ids)) for e in examples if e.label == NEUTRAL]
    return Curriculum(tuple(lesson for lesson in lessons if lesson.ids), teacher, clause_ends)


def _predict_unseen(examples: Sequence[Example], seed: int, report: Callable[[str], None]) -> list[float]:
    """Return for each example what a teacher says who learned from the other folds."""
    chance = random.Random(seed)  # noqa: S311  for training, not for secrets
    places = list(range(len(examples)))
    chance.shuffle(places)
    judged = [0.5] * len(examples)
    right = 0
    for fold in range(FOLDS):
        held_out = places[fold::FOLDS]
        kept = set(held_out)
        teacher = _teach([example for place, example in enumerate(examples) if place not in kept])
        for place, positive in zip(held_out, teacher.predict([examples[p].ids for p in held_out]), strict=True):
            judged[place] = float(positive)
            right += (positive > 0.5) == (examples[place].label == 1)
        report(f"n-gram teacher, fold {fold + 1}/{FOLDS}")
    report(f"n-gram teacher: {right / len(examples):.2%} right on texts that it has not seen")
    return judged


def _teach(examples: Sequence[Example]) -> NgramTeacher:
    return teach_ngrams([example.ids for example in examples], [example.label for example in examples])


def _join(parts: Sequence[Lesson]) -> Lesson:
    return Lesson(
        tuple(token for part in parts for token in part.ids),
        0.5,  # the teacher's to say
        tuple(credit for part in parts for credit in part.credits),
    )
