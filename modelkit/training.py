"""Trains a small StructBERT on labelled texts and on what a teacher says of them, on a CPU.

A run that was stopped goes on after its last whole epoch.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from transformers import BertForSequenceClassification

from modelkit.batches import CLS_ID, SEP_ID, Example, collate
from modelkit.calibration import apply_temperature, find_neutral_threshold, find_temperature
from modelkit.checkpoint import EMBEDDINGS, TRAINING_FILE, Checkpoint, save_checkpoint
from modelkit.data import NEUTRAL, Review
from modelkit.errors import CheckpointError
from modelkit.json_files import read_json
from modelkit.lessons import CLAUSE_ENDS, Curriculum, prepare_curriculum
from modelkit.loading import load_checkpoint
from modelkit.optimization import Course, resume_course, run_epoch, save_course, start_course
from modelkit.pretraining import STATE_FILE, Pretrained
from modelkit.recipe import Recipe
from modelkit.student import Student, plan_batches
from modelkit.unknown import teach_unknown
from modelkit.vocabulary import Vocabulary, build_vocabulary, encode_canonical
from shared.states import Label
from worker.batching import plan_micro_batches

LABELS = (Label.NEGATIVE, Label.POSITIVE)
EVALUATION_BATCH_TOKENS = 8192
ACCURACY = "dev_accuracy"


def train(
    reviews: Sequence[Review],
    dev: Sequence[Review],
    recipe: Recipe,
    out: Path,
    report: Callable[[str], None],
    pretrained: Pretrained | None = None,
) -> Path:
    """Train for all epochs, save each under `out`; return the path of the best on `dev`, calibrated on it.

    Raises:
        CheckpointError: the pretrained encoder does not have the recipe's shape, or `out` holds another run.
    """
    vocabulary = pretrained.vocabulary if pretrained else build_vocabulary(review.text for review in reviews)
    examples, dev_examples = (encode_examples(rows, vocabulary) for rows in (reviews, dev))
    report(f"{len(examples):,} texts, {len(vocabulary.tokens):,} tokens in the vocabulary")
    course, student = _start(vocabulary, recipe, pretrained, report)
    resume_course(course, out / STATE_FILE)
    curriculum = _prepare(examples, vocabulary, recipe, report)
    while course.epochs_done < course.epochs:
        _run_epoch(course, student, curriculum, vocabulary)
        accuracy = measure_accuracy(student.classifier, dev_examples, recipe.max_tokens)
        notes = {**asdict(recipe), "texts": len(reviews), "epoch": course.epochs_done, ACCURACY: round(accuracy, 4)}
        folder = out / f"epoch-{course.epochs_done}"
        save_checkpoint(folder, _take_checkpoint(student.classifier, vocabulary, recipe, notes))
        save_course(course, out / STATE_FILE)
        report(f"epoch {course.epochs_done}: {accuracy:.2%} right on the dev set, saved in {folder}")
    finished = _finish(_find_best(out, recipe.epochs), examples, dev_examples, recipe, report)
    (out / STATE_FILE).unlink()
    return finished


def encode_examples(reviews: Sequence[Review], vocabulary: Vocabulary) -> list[Example]:
    """Return token ids with every alias replaced by its plain token, and the labels."""
    texts = encode_canonical([review.text for review in reviews], vocabulary)
    return [Example(ids, review.label) for ids, review in zip(texts, reviews, strict=True)]


def measure_accuracy(model: BertForSequenceClassification, examples: Sequence[Example], max_tokens: int) -> float:
    """Return the share of examples labelled rightly by their first window: a quick look between epochs."""
    gold = torch.tensor([example.label for example in examples])
    return float((score_examples(model, examples, max_tokens).argmax(-1) == gold).float().mean())


@torch.no_grad()
def score_examples(model: BertForSequenceClassification, examples: Sequence[Example], max_tokens: int) -> torch.Tensor:
    """Return the logits of each example's first window, float32 [examples, labels]."""
    model.eval()  # type: ignore[no-untyped-call]
    sequences = [[CLS_ID, *example.ids[: max_tokens - 2], SEP_ID] for example in examples]
    logits = torch.zeros(len(examples), len(LABELS))
    for places in plan_micro_batches([len(sequence) for sequence in sequences], EVALUATION_BATCH_TOKENS):
        batch = collate([sequences[place] for place in places], [0] * len(places))
        logits[places] = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    return logits


def _start(
    vocabulary: Vocabulary, recipe: Recipe, pretrained: Pretrained | None, report: Callable[[str], None]
) -> tuple[Course, Student]:
    torch.manual_seed(recipe.seed)
    student = Student(recipe.build_config(vocabulary.learned), recipe)
    if pretrained:
        try:
            student.classifier.load_state_dict(pretrained.weights, strict=False)
        except RuntimeError as err:
            raise CheckpointError(
                "The pretrained encoder has another shape than the recipe. Pretrain anew with this recipe."
            ) from err
    return start_course(student, recipe, recipe.epochs, 0.0, report), student


def _prepare(
    examples: Sequence[Example], vocabulary: Vocabulary, recipe: Recipe, report: Callable[[str], None]
) -> Curriculum:
    ends = {vocabulary.canonical[place] for place, token in enumerate(vocabulary.tokens) if token in CLAUSE_ENDS}
    return prepare_curriculum(examples, ends, recipe.teacher_share, recipe.label_smoothing, recipe.seed, report)


def _run_epoch(course: Course, student: Student, curriculum: Curriculum, vocabulary: Vocabulary) -> None:
    recipe = course.recipe
    # Seeded anew in each epoch, so that a run that was stopped goes on as if it had not been.
    seed = recipe.seed + course.epochs_done
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311  for training, not for secrets
    student.is_restoring = course.epochs_done < recipe.restoring_share * recipe.epochs
    is_short = course.epochs_done < recipe.epochs - recipe.whole_epochs
    crop_tokens = min(recipe.crop_tokens, recipe.max_tokens) if is_short else recipe.max_tokens
    lessons = curriculum.draw(recipe.recombined_share, chance)
    batches = plan_batches(lessons, crop_tokens, recipe, vocabulary.learned, chance)
    run_epoch(course, batches, lambda batch: batch.tokens)


def _find_best(out: Path, epochs: int) -> Path:
    folders = [out / f"epoch-{number}" for number in range(1, epochs + 1)]
    return max(folders, key=lambda folder: read_json(folder / TRAINING_FILE)[ACCURACY])


def _finish(
    best: Path, examples: Sequence[Example], dev: Sequence[Example], recipe: Recipe, report: Callable[[str], None]
) -> Path:
    decided = [example for example in examples if example.label != NEUTRAL]
    checkpoint = teach_unknown(load_checkpoint(best), decided, recipe.seed, report)
    logits = score_examples(checkpoint.build_model(), dev, recipe.max_tokens)
    temperature = find_temperature(logits, [example.label for example in dev])
    confidence = (logits / temperature).softmax(-1).amax(-1)
    notes = {"temperature": round(temperature, 4), "neutral_threshold": find_neutral_threshold(confidence)}
    report(f"calibrated on the dev set: temperature {temperature:.3f}, neutral below {notes['neutral_threshold']}")
    calibrated = apply_temperature(checkpoint, temperature)
    finished = best.with_name("finished")
    save_checkpoint(finished, replace(calibrated, training={**calibrated.training, **notes}))
    return finished


def _take_checkpoint(
    model: BertForSequenceClassification, vocabulary: Vocabulary, recipe: Recipe, notes: dict[str, object]
) -> Checkpoint:
    """Return the weights as they stand, with a copy of the plain token's embedding for each alias."""
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights[EMBEDDINGS] = weights[EMBEDDINGS][torch.tensor(vocabulary.canonical)]
    return Checkpoint(weights, model.config, vocabulary.tokens, LABELS, recipe.max_tokens, notes)
