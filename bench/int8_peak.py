"""The processor's own limit: the same products of bytes as the model's, one after the other and nothing in between."""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TOKENS = 512
OPERATIONS_PER_PRODUCT = 2  # a multiplication and an addition
ATTENTION_PRODUCTS = 4  # query, key, value and output, all [hidden, hidden]


@dataclass(slots=True)
class Peak:
    """The matrix products of one layer, uint8 × int8 → int32, for 512 tokens."""

    threads: int
    hidden: int
    intermediate: int
    runs: list[tuple[onnxruntime.InferenceSession, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        square, up, down = (
            (self.hidden, self.hidden),
            (self.hidden, self.intermediate),
            (self.intermediate, self.hidden),
        )
        self.runs = [self._prepare(*shape) for shape in (*[square] * ATTENTION_PRODUCTS, up, down)]

    @property
    def operations_per_token(self) -> float:
        """Return the operations of one layer's products for one token."""
        products = ATTENTION_PRODUCTS * self.hidden**2 + 2 * self.hidden * self.intermediate
        return float(OPERATIONS_PER_PRODUCT * products)

    def count_operations(self, layers: int, tokens: int, texts: int) -> float:
        """Return what a classifier has to do: of the last layer only keys and values are for more than one token."""
        keys_and_values = float(OPERATIONS_PER_PRODUCT * 2 * self.hidden**2)
        by_token = (layers - 1) * self.operations_per_token + keys_and_values
        return tokens * by_token + texts * (self.operations_per_token - keys_and_values)

    def measure(self, seconds: float) -> float:
        """Return operations a second."""
        layers, started = 0, perf_counter()
        while perf_counter() - started < seconds:
            for session, activations in self.runs:
                session.run(None, {"a": activations})
            layers += 1
        return layers * TOKENS * self.operations_per_token / (perf_counter() - started)

    def _prepare(self, inputs: int, outputs: int) -> tuple[onnxruntime.InferenceSession, np.ndarray]:
        chance = np.random.default_rng(inputs + outputs)
        weights = chance.integers(-127, 128, (inputs, outputs)).astype(np.int8)
        graph = helper.make_graph(
            [helper.make_node("MatMulInteger", ["a", "b"], ["product"])],
            "peak",
            [helper.make_tensor_value_info("a", TensorProto.UINT8, [TOKENS, inputs])],
            [helper.make_tensor_value_info("product", TensorProto.INT32, [TOKENS, outputs])],
            [numpy_helper.from_array(weights, "b")],
        )
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session, chance.integers(0, 256, (TOKENS, inputs)).astype(np.uint8)
