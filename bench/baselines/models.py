"""Makes the model that all contenders run: base-size StructBERT with random weights, in the form that each one reads.

Speed does not depend on what the weights say, and no hub is needed. The layout is ModelScope's, as in a download.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import BertConfig, BertForSequenceClassification

from modelkit.checkpoint import Checkpoint, save_checkpoint
from modelkit.export import export_model
from modelkit.quantization import quantize_model
from modelkit.vocabulary import ALPHANUMERIC, CONTINUATION, SPECIAL_TOKENS
from shared.states import Label
from worker.model_directory import MODEL_FILE

NAME = "structbert-base-random"
VOCABULARY_SIZE = 21_128
PUNCTUATION = "，。！？、；：“”‘’（）《》【】…—·,.!?;:'\"()[]-+*/%&@#~"
IDEOGRAPHS = range(0x4E00, 0x9FA6)  # Unicode's first block of Chinese characters, which holds all usual ones
MAX_TOKENS = 512
SEED = 3
# Untrained weights score all texts alike; a louder head tells them apart, so that the contenders can be compared.
HEAD_GAIN = 10


@dataclass(frozen=True, slots=True)
class Models:
    """The same weights three times."""

    checkpoint: Path  # ModelScope's layout, float32
    model_dir: Path  # what sentiq serves
    int8_graph: Path  # ONNX Runtime's dynamic quantization

    @property
    def tokenizer(self) -> Path:
        """Return the tokenizer.json for the graph."""
        return self.model_dir / "tokenizer.json"


def make_models(folder: Path, config: BertConfig | None = None) -> Models:
    """Write all three into `folder`, anew each time, so that what is measured is what this version makes."""
    shutil.rmtree(folder, ignore_errors=True)
    exported = folder / f"{NAME}-float32"
    models = Models(folder / "checkpoint", exported, folder / "int8.onnx")
    save_checkpoint(models.checkpoint, _make_checkpoint(config or _make_config()))
    export_model(models.checkpoint, exported)
    _quantize_as_onnxruntime_does(exported / MODEL_FILE, models.int8_graph)
    return Models(models.checkpoint, _quantize_as_sentiq_does(exported), models.int8_graph)


def make_int8_model(folder: Path) -> Path:
    """Write only the model that sentiq serves into `folder`, and return its directory."""
    save_checkpoint(folder / "checkpoint", _make_checkpoint(_make_config()))
    export_model(folder / "checkpoint", folder / f"{NAME}-float32")
    return _quantize_as_sentiq_does(folder / f"{NAME}-float32")


def list_tokens() -> tuple[str, ...]:
    """Return a vocabulary of the true size that knows the usual Chinese characters."""
    latin = (*ALPHANUMERIC, *(CONTINUATION + character for character in ALPHANUMERIC))
    known = (*SPECIAL_TOKENS, *latin, *PUNCTUATION, *map(chr, IDEOGRAPHS))
    return (*known, *(f"[unused{number}]" for number in range(VOCABULARY_SIZE - len(known))))


def _make_config() -> BertConfig:
    return BertConfig(vocab_size=VOCABULARY_SIZE)  # type: ignore[no-untyped-call]  # its defaults are the base size


def _make_checkpoint(config: BertConfig) -> Checkpoint:
    torch.manual_seed(SEED)
    weights = BertForSequenceClassification(config).state_dict()  # type: ignore[no-untyped-call]
    weights["classifier.weight"] *= HEAD_GAIN
    return Checkpoint(weights, config, list_tokens(), (Label.NEGATIVE, Label.POSITIVE), MAX_TOKENS)


def _quantize_as_onnxruntime_does(graph: Path, out: Path) -> None:
    options = onnxruntime.SessionOptions()
    # Folds away whatever the exporter put behind the weights, e.g. transpositions: the quantizer must see them bare.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(out.with_suffix(".float32"))
    onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    quantize_dynamic(out.with_suffix(".float32"), out, per_channel=True, weight_type=QuantType.QInt8)
    out.with_suffix(".float32").unlink()


def _quantize_as_sentiq_does(exported: Path) -> Path:
    quantized = exported.with_name(f"{NAME}-int8")
    quantize_model(exported, quantized)
    return quantized
