"""The small network while it learns: a classifier with two heads more, which only training needs.

One restores hidden tokens, as in pretraining; the other says what each token adds to the teacher's opinion, so that
every token of a text teaches something, and not only its one label.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, mse_loss
from transformers import BertConfig, BertForSequenceClassification
from transformers.models.bert.modeling_bert import BertLMPredictionHead

from modelkit.batches import CLS_ID, PAD_ID, SEP_ID
from modelkit.lessons import Lesson
from modelkit.puzzles import IGNORED, hide_runs
from modelkit.recipe import Recipe
from worker.batching import plan_micro_batches


@dataclass(frozen=True, slots=True)
class LessonBatch:
    """Ids, targets to restore (or `IGNORED`) int64 and credits float32, [batch, seq]; positive float32 [batch]."""

    input_ids: torch.Tensor
    targets: torch.Tensor
    credits: torch.Tensor
    positive: torch.Tensor

    @property
    def tokens(self) -> int:
        """Return how many tokens are not padding."""
        return int((self.input_ids != PAD_ID).sum())


class Student(torch.nn.Module):
    """The classifier with its two heads; `is_restoring` says whether hidden tokens count."""

    def __init__(self, config: BertConfig, recipe: Recipe) -> None:
        """Begin with random weights; the head that restores tokens shares the embeddings."""
        super().__init__()
        self.classifier = BertForSequenceClassification(config)  # type: ignore[no-untyped-call]
        self.restore = BertLMPredictionHead(config)  # type: ignore[no-untyped-call]
        self.restore.decoder.weight = self.classifier.bert.embeddings.word_embeddings.weight
        self.credit = torch.nn.Linear(config.hidden_size, 1)
        self.credit_weight, self.restore_weight = recipe.credit_weight, recipe.restore_weight
        self.is_restoring = True

    def forward(self, batch: LessonBatch) -> torch.Tensor:
        """Return the weighted sum of the tasks' losses, a scalar."""
        real = batch.input_ids != PAD_ID
        encoded = self.classifier.bert(input_ids=batch.input_ids, attention_mask=real.long())
        logits = self.classifier.classifier(self.classifier.dropout(encoded.pooler_output)).float()
        loss = cross_entropy(logits, torch.stack((1 - batch.positive, batch.positive), dim=-1))
        told = self.credit(encoded.last_hidden_state).float().squeeze(-1)
        loss = loss + self.credit_weight * mse_loss(told[real], batch.credits[real])
        hidden = batch.targets != IGNORED
        if self.is_restoring and hidden.any():
            restored = self.restore(encoded.last_hidden_state[hidden]).float()
            loss = loss + self.restore_weight * cross_entropy(restored, batch.targets[hidden])
        return loss


def plan_batches(
    lessons: Sequence[Lesson], crop_tokens: int, recipe: Recipe, vocabulary_size: int, chance: random.Random
) -> list[LessonBatch]:
    """Return all lessons, cropped to `crop_tokens` and partly hidden, in batches of like length and random order."""
    crops = [_crop(lesson, crop_tokens - 2, chance) for lesson in lessons]
    chance.shuffle(crops)  # so that texts of one length are not always in the same batch
    planned = plan_micro_batches([len(crop.ids) + 2 for crop in crops], recipe.batch_tokens)
    chance.shuffle(planned)
    return [
        _collate([crops[place] for place in places], recipe.mask_rate, vocabulary_size, chance) for places in planned
    ]


def _crop(lesson: Lesson, length: int, chance: random.Random) -> Lesson:
    start = chance.randint(0, max(0, len(lesson.ids) - length))
    stop = start + length
    return Lesson(lesson.ids[start:stop], lesson.positive, lesson.credits[start:stop])


def _collate(lessons: Sequence[Lesson], mask_rate: float, vocabulary_size: int, chance: random.Random) -> LessonBatch:
    width = max(len(lesson.ids) for lesson in lessons) + 2
    ids = torch.full((len(lessons), width), PAD_ID)
    targets = torch.full((len(lessons), width), IGNORED)
    parts = torch.zeros(len(lessons), width)
    for row, lesson in enumerate(lessons):
        puzzle, hidden = [CLS_ID, *lesson.ids, SEP_ID], [IGNORED] * (len(lesson.ids) + 2)
        count = int(len(lesson.ids) * mask_rate + chance.random())
        hide_runs(puzzle, hidden, count, vocabulary_size, chance)
        ids[row, : len(puzzle)] = torch.tensor(puzzle)
        targets[row, : len(puzzle)] = torch.tensor(hidden)
        parts[row, 1 : len(puzzle) - 1] = torch.tensor(lesson.credits)
    return LessonBatch(ids, targets, parts, torch.tensor([lesson.positive for lesson in lessons]))
