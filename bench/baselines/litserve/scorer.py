"""The int8 model in ONNX Runtime, a padded batch at a time, as one would write it for LitServe."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer
from tokenizers.processors import BertProcessing

MAX_TOKENS = 512
POSITIVE = 1  # the place of the positive label among the logits


class Scorer:
    """Scores texts on one thread, each cut to 512 tokens."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Load an ONNX graph (`input_ids`, `attention_mask` → `logits`) and its tokenizer.json."""
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        cls, sep = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        self._tokenizer.post_processor = BertProcessing(("[SEP]", sep), ("[CLS]", cls))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding(pad_id=self._tokenizer.token_to_id("[PAD]"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one worker a core
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the probability that each text is positive, float32 [texts]."""
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        (logits,) = self._session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities: npt.NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
        return probabilities[:, POSITIVE]
