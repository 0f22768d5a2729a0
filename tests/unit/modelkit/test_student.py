"""Batches of lessons lose none and hide what they say they hide; the student learns all tasks."""

import random
from dataclasses import replace

import pytest
import torch

from modelkit.batches import CLS_ID, MASK_ID, PAD_ID, SEP_ID
from modelkit.lessons import Lesson
from modelkit.puzzles import IGNORED
from modelkit.recipe import Recipe
from modelkit.student import LessonBatch, Student, plan_batches

VOCABULARY = 80
RECIPE = Recipe(layers=1, hidden=16, heads=2, intermediate=32, max_positions=80, batch_tokens=256, dropout=0.0)
LESSONS = [
    Lesson(tuple(range(10, 10 + length)), length / 60, tuple(float(n) for n in range(length)))
    for length in range(1, 60)
]


def plan(crop_tokens: int = 64, mask_rate: float = 0.0, seed: int = 1) -> list[LessonBatch]:
    recipe = replace(RECIPE, mask_rate=mask_rate)
    return plan_batches(LESSONS, crop_tokens, recipe, VOCABULARY, random.Random(seed))


def test_every_lesson_comes_once_within_the_budget() -> None:
    batches = plan()

    rows = [row for batch in batches for row in batch.input_ids]
    assert sorted(int((row != PAD_ID).sum()) - 2 for row in rows) == list(range(1, 60))
    assert max(batch.input_ids.numel() for batch in batches) <= RECIPE.batch_tokens
    assert sum(batch.tokens for batch in batches) == sum(range(1, 60)) + 2 * len(LESSONS)


def test_a_row_keeps_its_probability_and_each_token_its_credit() -> None:
    for batch in plan():
        for ids, parts, positive in zip(batch.input_ids, batch.credits, batch.positive, strict=True):
            length = int((ids != PAD_ID).sum()) - 2
            assert (ids[0], ids[length + 1]) == (CLS_ID, SEP_ID)
            assert parts[1 : length + 1].tolist() == list(range(length))
            assert float(positive) == pytest.approx(length / 60)


def test_a_crop_keeps_ids_and_credits_together() -> None:
    for batch in plan(crop_tokens=16):
        assert batch.input_ids.shape[1] <= 16
        inside = (batch.input_ids >= 10) & (batch.input_ids < VOCABULARY)
        assert torch.equal(batch.credits[inside], (batch.input_ids[inside] - 10).float())


def test_hidden_tokens_are_the_targets_and_about_the_asked_share() -> None:
    batches = plan(mask_rate=0.2)

    hidden = sum(int((batch.targets != IGNORED).sum()) for batch in batches)
    masked = sum(int((batch.input_ids == MASK_ID).sum()) for batch in batches)
    assert 0.17 < hidden / sum(range(1, 60)) < 0.23
    assert 0.7 < masked / hidden < 0.9
    for batch in batches:
        shown = batch.targets == IGNORED
        assert not (batch.input_ids[shown] == MASK_ID).any()


def test_the_same_seed_plans_the_same_batches() -> None:
    first, second = plan(16, 0.1), plan(16, 0.1)

    assert all(a.input_ids.equal(b.input_ids) for a, b in zip(first, second, strict=True))
    assert any(not a.input_ids.equal(b.input_ids) for a, b in zip(first, plan(16, 0.1, seed=2), strict=False))


@pytest.mark.parametrize("head", ["classifier.classifier", "credit", "restore.transform.dense"])
def test_each_task_teaches_its_head_and_the_encoder(head: str) -> None:
    torch.manual_seed(1)
    student = Student(RECIPE.build_config(VOCABULARY), RECIPE)

    student(plan(mask_rate=0.3)[0]).backward()

    learned = {name for name, weight in student.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {f"{head}.weight", "classifier.bert.embeddings.word_embeddings.weight"} <= learned


def test_hidden_tokens_count_only_while_it_restores() -> None:
    torch.manual_seed(1)
    student = Student(RECIPE.build_config(VOCABULARY), RECIPE)
    batch = plan(mask_rate=0.3)[0]
    restoring = student(batch).item()
    student.is_restoring = False

    assert student(batch).item() < restoring
