"""The reference backend: ModelScope's own pipeline on a local checkpoint. The only place that loads torch to serve.

It exists to compare with, so it takes no short cut: each window goes through the pipeline as text. Three habits of
the pipeline are corrected: it pads everything to 512 tokens, cuts longer texts silently, and takes a `[SEP]` that a
user typed for the real separator.
"""

import logging
import re
import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.errors import ModelDirectoryError
from worker.classifiers import Arithmetic, Encoding
from worker.classifiers.modelscope_checkpoint import read_sizes, read_vocabulary, record_files
from worker.labels import parse_label
from worker.model_directory import compute_revision
from worker.windows import Window, split_windows
from worker.wordpiece import build_tokenizer

# Both warn about what is meant to be: one text and not a pair, and a tokenizer of BERT's class.
NOISY_LOGGERS = ("modelscope", "transformers.tokenization_utils_base")
TASK = "text-classification"
SPECIAL_TOKENS_PER_WINDOW = 2  # [CLS] and [SEP]
SPECIAL_TOKEN = re.compile(r"\[(PAD|UNK|CLS|SEP|MASK)\]")


class ModelScopeClassifier:
    """Scores windows with `modelscope.pipelines.pipeline` on the CPU."""

    def __init__(self, directory: Path, threads: int) -> None:
        """Load the checkpoint for `threads` threads.

        Raises:
            ModelDirectoryError: not a checkpoint in ModelScope's layout, or one that would run code of its own.
        """
        directory = directory.resolve()  # a relative path with one slash is taken for a hub id and fetched
        sizes = read_sizes(directory)
        self.max_tokens, self._max_positions = sizes.max_tokens, sizes.max_positions
        # The pipeline's own tokenizer tells no offsets, so another of the same vocabulary says where to cut.
        self._cutter = build_tokenizer(read_vocabulary(directory))
        self._pipeline = _load_pipeline(directory, threads)
        self._tokenizer = self._pipeline.preprocessor.nlp_tokenizer.tokenizer
        words = self._pipeline.preprocessor.id2label or {}
        labels = tuple(parse_label(words[index]) for index in sorted(words, key=int))
        self.labels: tuple[str, ...] = labels
        self.revision = compute_revision(record_files(directory), labels, self.max_tokens)
        self.arithmetic = Arithmetic.FP32
        self.neutral_threshold: float | None = None  # nobody has calibrated a checkpoint

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        """Return the windows of each text; a window's ids are those that the pipeline will make of its piece."""
        encodings = []
        for text in texts:
            offsets = self._cutter.encode(text).offsets
            windows = split_windows(len(offsets), self.max_tokens - SPECIAL_TOKENS_PER_WINDOW)
            encodings.append([self._cut(text, offsets, window) for window in windows])
        return encodings

    def read_ids(self, text: str) -> tuple[int, ...]:
        """Return the ids that ModelScope's tokenizer makes of a whole text, [CLS] and [SEP] included."""
        return tuple(self._tokenizer(_write_as_plain_text(text), verbose=False)["input_ids"])

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        """Return the probabilities, float32 [len(batch), len(labels)]."""
        scores = np.zeros((len(batch), len(self.labels)), dtype=np.float32)
        places = sorted(range(len(batch)), key=lambda place: len(batch[place].ids))
        # The pipeline joins a batch without padding it, so only windows of one length run together.
        for _, group in groupby(places, key=lambda place: len(batch[place].ids)):
            alike = list(group)
            texts = [_write_as_plain_text(batch[place].text) for place in alike]
            for place, answer in zip(alike, self._run(texts), strict=True):
                scores[place] = self._order_scores(answer)
        return scores

    def _run(self, texts: list[str]) -> list[dict[str, Any]]:
        with warnings.catch_warnings():
            # The pipeline still passes an argument that transformers wants to drop; nobody here can change that.
            warnings.filterwarnings("ignore", "The `device` argument is deprecated", FutureWarning)
            answers: list[dict[str, Any]] = self._pipeline(texts, batch_size=len(texts))
        return answers

    def _cut(self, text: str, offsets: Sequence[tuple[int, int]], window: Window) -> Encoding:
        whole = window.stop - window.start == len(offsets)
        piece = text if whole else text[offsets[window.start][0] : offsets[window.stop - 1][1]]
        ids = self.read_ids(piece)
        # A window that begins inside a Latin word is spelled anew, at times with more tokens than were counted.
        if len(ids) > self._max_positions:
            raise ValueError(f"a window has {len(ids)} tokens, the model reads {self._max_positions} at most")
        return Encoding(ids, piece, window.fresh)

    def _order_scores(self, answer: dict[str, Any]) -> list[float]:
        """Put scores, which the pipeline lists by size, into the order of `labels`."""
        by_label: dict[str, float] = {
            parse_label(word): score for word, score in zip(answer["labels"], answer["scores"], strict=True)
        }
        return [by_label[label] for label in self.labels]


def modelscope_backend(directory: Path, threads: int) -> ModelScopeClassifier:
    """Load the reference backend."""
    return ModelScopeClassifier(directory, threads)


def _load_pipeline(directory: Path, threads: int) -> Any:
    # Imported here, so that a worker of the other backend needs neither package.
    import torch
    from modelscope.pipelines import pipeline

    torch.set_num_threads(threads)
    for name in NOISY_LOGGERS:
        # A filter, since ModelScope sets its logger's level anew whenever it asks for it.
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.ERROR)
    try:
        return pipeline(TASK, model=str(directory), device="cpu", padding=False, truncation=False)
    except Exception as err:  # the pipeline raises whatever its parts raise
        raise ModelDirectoryError(f"ModelScope cannot load {directory}: {err}. Fetch the checkpoint again.") from err


def _write_as_plain_text(text: str) -> str:
    """Spell `[SEP]` and its like as `[ SEP ]`, which gives the ids of the plain characters."""
    return SPECIAL_TOKEN.sub(r"[ \1 ]", text)
