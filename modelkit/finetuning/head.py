"""Fits a model's head to the labels of the texts that it is to learn."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch

from modelkit.checkpoint import Checkpoint
from modelkit.data import Review
from modelkit.errors import DataError
from modelkit.evaluation import GOLD_LABELS
from shared.states import Label

HEAD_WEIGHT, HEAD_BIAS = "classifier.weight", "classifier.bias"


def fit_head(
    checkpoint: Checkpoint, learned: Sequence[Review], dev: Sequence[Review], report: Callable[[str], None]
) -> Checkpoint:
    """Return the checkpoint with one logit for each of its own labels, then for each new one of `learned`.

    Raises:
        DataError: the dev set has a label that neither the model nor `learned` has.
    """
    taught, asked = _list_labels(learned), _list_labels(dev)
    if unknown := [label for label in asked if label not in (*checkpoint.labels, *taught)]:
        raise DataError(
            f"The dev set has {', '.join(unknown)} texts, which neither the model nor the training texts know. "
            "Add such texts to the training file, or take them out of the dev set."
        )
    if silent := [label for label in checkpoint.labels if label not in taught]:
        report(f"no {', '.join(silent)} text to learn from: the model keeps the label, but may choose it less")
    for label in taught:
        if label not in checkpoint.labels:
            report(f"the model has no label {label}; its head gets one, which these texts teach it")
            checkpoint = _add_label(checkpoint, label)
    return checkpoint


def _list_labels(reviews: Iterable[Review]) -> list[Label]:
    return [GOLD_LABELS[label] for label in sorted({review.label for review in reviews})]


def _add_label(checkpoint: Checkpoint, label: Label) -> Checkpoint:
    """Give `label` the mean of the other logits, so that at first it never wins and moves no other label's rank."""
    grown = {
        name: torch.cat([checkpoint.weights[name], checkpoint.weights[name].mean(0, keepdim=True)])
        for name in (HEAD_WEIGHT, HEAD_BIAS)
    }
    config = copy.deepcopy(checkpoint.config)
    config.num_labels = len(checkpoint.labels) + 1
    labels = (*checkpoint.labels, label)
    return replace(checkpoint, weights={**checkpoint.weights, **grown}, config=config, labels=labels)
