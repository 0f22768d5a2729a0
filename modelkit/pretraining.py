"""Pretrains a small StructBERT on plain texts, on a CPU; a run that was stopped goes on after its last whole epoch."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertModel
from transformers.models.bert.modeling_bert import BertLMPredictionHead

from modelkit.batches import PAD_ID
from modelkit.errors import CheckpointError
from modelkit.optimization import Course, resume_course, run_epoch, save_course, start_course
from modelkit.puzzles import IGNORED, Puzzle, draw_puzzles
from modelkit.recipe import Recipe
from modelkit.state_files import replace_state
from modelkit.vocabulary import Vocabulary, build_vocabulary, encode_canonical

STATE_FILE, ENCODER_FILE, NOTES_FILE = "state.pt", "encoder.pt", "pretrained.json"
LAST_RATE_SHARE = 0.1  # of the learning rate; fine-tuning brings it down to zero
ORDERS = 3


class Pretrainer(torch.nn.Module):
    """An encoder with the two heads that only pretraining needs."""

    def __init__(self, config: BertConfig) -> None:
        """Begin with random weights; the head that restores tokens shares the embeddings."""
        super().__init__()
        self.bert = BertModel(config)  # type: ignore[no-untyped-call]
        self.restore = BertLMPredictionHead(config)  # type: ignore[no-untyped-call]
        self.restore.decoder.weight = self.bert.embeddings.word_embeddings.weight
        self.order = torch.nn.Linear(config.hidden_size, ORDERS)

    def forward(self, puzzles: Sequence[Puzzle]) -> torch.Tensor:
        """Return the sum of both tasks' losses, a scalar."""
        ids, targets = (_pad([getattr(one, name) for one in puzzles], fill) for name, fill in _FIELDS)
        encoded = self.bert(input_ids=ids, attention_mask=(ids != PAD_ID).long())
        hidden = targets != IGNORED
        restored = self.restore(encoded.last_hidden_state[hidden])
        loss = cross_entropy(restored.float(), targets[hidden])
        orders = torch.tensor([puzzle.order for puzzle in puzzles])
        if (orders != IGNORED).any():
            loss = loss + cross_entropy(self.order(encoded.pooler_output).float(), orders, ignore_index=IGNORED)
        return loss


_FIELDS = (("ids", PAD_ID), ("targets", IGNORED))


def _pad(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


@dataclass(frozen=True, slots=True)
class Pretrained:
    """An encoder's weights under BERT's names, and the vocabulary that goes with them."""

    weights: dict[str, torch.Tensor]
    vocabulary: Vocabulary
    epochs: int


def pretrain(texts: Sequence[str], recipe: Recipe, out: Path, report: Callable[[str], None]) -> None:
    """Pretrain for `recipe.pretraining_epochs`, keeping in `out` what a later call needs to go on or to fine-tune.

    Raises:
        CheckpointError: `out` holds a run of another recipe.
    """
    vocabulary = build_vocabulary(texts)
    examples = encode_canonical(texts, vocabulary)
    tokens = vocabulary.learned
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    module = Pretrainer(recipe.build_config(tokens))
    course = start_course(module, recipe, recipe.pretraining_epochs, LAST_RATE_SHARE, report)
    resume_course(course, out / STATE_FILE)
    report(f"{len(texts):,} texts, {tokens:,} tokens, {course.epochs_done} of {course.epochs} epochs done")
    while course.epochs_done < course.epochs:
        # Seeded anew in each epoch, so that a run that was stopped goes on as if it had not been.
        seed = recipe.seed + course.epochs_done
        torch.manual_seed(seed)
        chance = random.Random(seed)  # noqa: S311  for training, not for secrets
        batches = list(draw_puzzles(examples, tokens, recipe.max_tokens, recipe.batch_tokens, chance))
        run_epoch(course, batches, lambda batch: sum(len(puzzle.ids) for puzzle in batch))
        _save(course, module, vocabulary, out)
    report(f"pretrained: {out}")


def load_pretrained(directory: Path) -> Pretrained:
    """Return what `pretrain` has left in `directory`.

    Raises:
        CheckpointError: it holds no pretrained encoder.
    """
    try:
        weights = torch.load(directory / ENCODER_FILE, weights_only=True)
        kept = json.loads((directory / NOTES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, UnpicklingError) as err:
        raise CheckpointError(
            f"{directory}: no pretrained encoder ({err}). Make one with `python -m modelkit pretrain`."
        ) from err
    return Pretrained(weights, Vocabulary(tuple(kept["tokens"]), tuple(kept["canonical"])), kept["epochs"])


def _save(course: Course, module: Pretrainer, vocabulary: Vocabulary, out: Path) -> None:
    notes = {"epochs": course.epochs_done, **asdict(vocabulary)}
    (out / NOTES_FILE).write_text(json.dumps(notes, ensure_ascii=False), encoding="utf-8")
    encoder = {f"bert.{name}": tensor for name, tensor in module.bert.state_dict().items()}
    replace_state(out / ENCODER_FILE, encoder)
    save_course(course, out / STATE_FILE)
