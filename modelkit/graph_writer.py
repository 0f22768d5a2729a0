"""Collects the nodes and tensors of an ONNX graph that is written operator by operator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

ONNX_VERSION, IR_VERSION = 17, 8
RUNTIME_DOMAIN = "com.microsoft"  # operators of ONNX Runtime's own
INPUTS = ("input_ids", "attention_mask")

Weights = Mapping[str, npt.NDArray[np.float32]]


@dataclass(slots=True)
class GraphWriter:
    """A graph in the making; each node has one output, which bears the node's name."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def add(self, operator: str, inputs: Sequence[str], name: str, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def keep(self, name: str, values: npt.ArrayLike, kind: npt.DTypeLike) -> str:
        """Store a tensor, once for all its users, and return its name."""
        if name not in self.tensors:
            self.tensors[name] = numpy_helper.from_array(np.array(values, dtype=kind, order="C"), name)
        return name

    def weight(self, name: str, kind: npt.DTypeLike = np.float32) -> str:
        """Store a weight under its own name, and return the name."""
        return self.keep(name, self.weights[name], kind)

    def finish(self, outputs: int) -> onnx.ModelProto:
        """Return the checked model, with the inputs int64 [batch, seq] and `logits` float32 [batch, outputs]."""
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"]) for name in INPUTS]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs])
        graph = helper.make_graph(self.nodes, "classifier", inputs, [logits], list(self.tensors.values()))
        versions = [helper.make_opsetid("", ONNX_VERSION), helper.make_opsetid(RUNTIME_DOMAIN, 1)]
        model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model
