"""The default backend: a converted model on ONNX Runtime, with no torch in sight."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding as TokenizerEncoding
from tokenizers import Tokenizer

from shared.errors import ModelDirectoryError
from worker.classifiers import Arithmetic, Encoding
from worker.cpu import must_widen
from worker.model_directory import MODEL_FILE, TOKENIZER_FILE, load_manifest, verify_files
from worker.windows import split_windows

SPECIAL_TOKENS_PER_WINDOW = 2  # [CLS] and [SEP]


class OnnxClassifier:
    """Runs `model.onnx` of a model directory on the CPU."""

    def __init__(self, directory: Path, threads: int, byte_kernel: str = "auto") -> None:
        """Load the model for `threads` threads; `byte_kernel` is the setting of that name.

        Raises:
            ModelDirectoryError: the directory is not whole, or its files do not fit together.
        """
        manifest = load_manifest(directory)
        verify_files(directory, manifest)
        self.labels: tuple[str, ...] = manifest.labels
        self.revision = manifest.revision
        self.max_tokens = manifest.max_tokens
        self.neutral_threshold = manifest.neutral_threshold
        self.arithmetic = choose_arithmetic(manifest.precision, byte_kernel)
        self._tokenizer = _load_tokenizer(directory)
        self._cls, self._sep, self._pad = (self._get_id(token) for token in ("[CLS]", "[SEP]", "[PAD]"))
        self._session = _open_session(directory / MODEL_FILE, threads, self.arithmetic)
        _compare_outputs(directory / MODEL_FILE, self._session, len(self.labels))

    def encode(self, texts: Sequence[str]) -> list[list[Encoding]]:
        """Return the windows of each text, at least one each, in order."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [self._cut(text, whole) for text, whole in zip(texts, encoded, strict=True)]

    def classify(self, batch: Sequence[Encoding]) -> npt.NDArray[np.float32]:
        """Return the probabilities, float32 [len(batch), len(labels)], of windows run together."""
        longest = max(len(encoding.ids) for encoding in batch)
        input_ids = np.full((len(batch), longest), self._pad, dtype=np.int64)
        attention_mask = np.zeros((len(batch), longest), dtype=np.int64)
        for row, encoding in enumerate(batch):
            input_ids[row, : len(encoding.ids)] = encoding.ids
            attention_mask[row, : len(encoding.ids)] = 1
        (logits,) = self._session.run(["logits"], {"input_ids": input_ids, "attention_mask": attention_mask})
        return softmax(logits)

    def _cut(self, text: str, whole: TokenizerEncoding) -> list[Encoding]:
        ids, offsets = whole.ids, whole.offsets
        windows = split_windows(len(ids), self.max_tokens - SPECIAL_TOKENS_PER_WINDOW)
        return [
            Encoding(
                ids=(self._cls, *ids[window.start : window.stop], self._sep),
                text=text if len(windows) == 1 else text[offsets[window.start][0] : offsets[window.stop - 1][1]],
                fresh_tokens=window.fresh,
            )
            for window in windows
        ]

    def _get_id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelDirectoryError(f"{TOKENIZER_FILE} has no token {token}. Export the model again.")
        return int(found)


def choose_arithmetic(precision: str, byte_kernel: str) -> Arithmetic:
    """Return how this machine will compute a model of a manifest's `precision`."""
    if precision == "fp32":
        return Arithmetic.FP32
    return Arithmetic.INT8_WIDENED if must_widen(byte_kernel) else Arithmetic.INT8


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def _load_tokenizer(directory: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(directory / TOKENIZER_FILE))
    except Exception as err:  # the library raises plain Exception
        raise ModelDirectoryError(
            f"{directory / TOKENIZER_FILE} cannot be read: {err}. Export the model again."
        ) from err
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # A user's own "[SEP]" is text, not a separator.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _open_session(path: Path, threads: int, arithmetic: Arithmetic) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Every micro-batch has its own shape, so remembered memory patterns would only pile up.
    options.enable_mem_pattern = False
    # Idle threads that spin would take the core from another child.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if arithmetic is Arithmetic.INT8_WIDENED:
        # ONNX Runtime then makes the weights unsigned, for which its kernels multiply in 16 bits and are exact.
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as err:  # the runtime raises its own unexported classes
        raise ModelDirectoryError(f"{path} cannot be loaded: {err}. Export the model again.") from err


def _compare_outputs(path: Path, session: onnxruntime.InferenceSession, labels: int) -> None:
    (*_, outputs) = session.get_outputs()[0].shape
    if outputs != labels:
        raise ModelDirectoryError(
            f"{path} has {outputs} outputs, the manifest names {labels} labels. Export the model again."
        )
