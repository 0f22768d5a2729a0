"""Turns a classifier into an ONNX graph of float32 whose weights keep the checkpoint's names."""

import copy
import io
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from transformers import BertForSequenceClassification

from modelkit.graph_writer import INPUTS
from modelkit.int8_weights import SCALE_SUFFIX, widen

OPSET = 17


class Scorer(torch.nn.Module):
    """The classifier as a graph: ids and mask in, logits out; token types are all zero inside."""

    def __init__(self, model: BertForSequenceClassification) -> None:
        """Take the parts of `model` under the names they have in a checkpoint."""
        super().__init__()
        self.bert, self.classifier = model.bert, model.classifier

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits, float32 [batch, labels]."""
        types = torch.zeros_like(input_ids)
        pooled = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types).pooler_output
        logits: torch.Tensor = self.classifier(pooled)
        return logits


def write_graph(model: BertForSequenceClassification, path: Path) -> None:
    """Write `model` as an ONNX file with inputs int64 [batch, seq]."""
    graph = _export(model)
    _fill_in(graph.graph, model.state_dict())
    onnx.checker.check_model(graph)
    onnx.save(graph, path)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a graph that modelkit wrote, float32 under the checkpoint's names; int8 ones as rounded."""
    graph = onnx.load(path).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {
        name: torch.from_numpy(_widen(name, arrays))
        for name in arrays
        if name.startswith(("bert.", "classifier.")) and not name.endswith(SCALE_SUFFIX)
    }


def _widen(name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
    array = arrays[name]
    if array.dtype == np.int8:  # stored [inputs, outputs]
        return widen(array.T.astype(np.int8), arrays[name + SCALE_SUFFIX].astype(np.float32))
    return array.astype(np.float32)


def _export(model: BertForSequenceClassification) -> onnx.ModelProto:
    model.config._attn_implementation = "eager"  # the one that traces into plain ONNX operators
    sample = torch.ones(2, 5, dtype=torch.int64)
    stand_in = copy.deepcopy(model)
    for parameter in stand_in.parameters():
        # The exporter merges weights of equal value, such as biases of zero; chance makes all of them different.
        torch.nn.init.normal_(parameter)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # This exporter is the older one, by choice: it keeps the weights' names and traces BERT without a loss.
        warnings.simplefilter("ignore")
        _trace(stand_in, sample, buffer)
    return onnx.load_from_string(buffer.getvalue())


def _trace(model: BertForSequenceClassification, sample: torch.Tensor, buffer: io.BytesIO) -> None:
    torch.onnx.export(
        Scorer(model).eval(),
        (sample, sample),
        buffer,  # type: ignore[arg-type]  # its annotation forgets file objects
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "seq"} for name in INPUTS} | {"logits": {0: "batch"}},
        opset_version=OPSET,
        do_constant_folding=False,  # folding would transpose weights and lose their names
        dynamo=False,
    )


def _fill_in(graph: onnx.GraphProto, weights: dict[str, torch.Tensor]) -> None:
    for tensor in graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].numpy(), tensor.name))
