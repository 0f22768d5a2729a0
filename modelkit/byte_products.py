"""Writes products of bytes into an ONNX graph: activations with one step per token, weights with one per output."""

from dataclasses import dataclass

import numpy as np

from modelkit.graph_writer import RUNTIME_DOMAIN, GraphWriter
from modelkit.int8_weights import SCALE_SUFFIX, round_to_int8

# Activations are unsigned bytes: the fast kernels multiply unsigned bytes by signed ones. The byte that stands for zero
# lies in the middle, but GELU gives little below zero (-0.17), so there most bytes are kept for what lies above.
LARGEST_BYTE = 255
ZERO_POINT, ZERO_POINT_OF_GELU = 128, 32
SMALLEST_STEP = 1e-11  # a token of zeros only has to be divided by something


@dataclass(frozen=True, slots=True)
class Quantized:
    """Names of a tensor's bytes, uint8 [tokens, width], of each token's step, float32 [tokens, 1], and its zero."""

    values: str
    step: str
    zero_point: int


def quantize(writer: GraphWriter, states: str, zero_point: int = ZERO_POINT) -> Quantized:
    """Return the bytes of `states`, with a step for each token by which neither its largest nor its smallest is cut."""
    # The largest and the smallest value cost less than the largest of all absolute values, which would be stored first.
    above, below = (
        writer.add(
            "Div",
            [
                writer.add(f"Reduce{end}", [states], f"{states}/{end}", axes=[-1], keepdims=1),
                writer.keep(f"bytes_to_{end}_from_{zero_point}", room, np.float32),
            ],
            f"{states}/step_to_{end}",
        )
        for end, room in (("Max", LARGEST_BYTE - zero_point), ("Min", -zero_point))
    )
    smallest = writer.keep("smallest_step", SMALLEST_STEP, np.float32)
    step = writer.add("Max", [above, below, smallest], f"{states}/step")
    by_token = writer.add("Reshape", [step, "rest"], f"{states}/step_by_token")
    tokens = writer.add("Shape", [by_token], f"{states}/tokens")
    zero = writer.keep(f"zero_point_{zero_point}_of_token", [zero_point], np.uint8)
    zeros = writer.add("Expand", [zero, tokens], f"{states}/zero_points")
    values = writer.add("QuantizeLinear", [states, by_token, zeros], f"{states}/bytes", axis=0)
    return Quantized(values, step, zero_point)


def multiply(writer: GraphWriter, quantized: Quantized, name: str) -> str:
    """Return the product with a weight, float32 [tokens, outputs], without its bias."""
    matrix, scales = round_to_int8(writer.weights[f"{name}.weight"])
    inputs = [
        quantized.values,
        writer.keep(f"{name}.weight", matrix.T, np.int8),
        writer.keep("one", 1, np.float32),
        writer.keep(f"{name}.weight{SCALE_SUFFIX}", scales, np.float32),
        writer.keep(f"zero_point_{quantized.zero_point}", quantized.zero_point, np.uint8),
    ]
    product = writer.add("MatMulIntegerToFloat", inputs, f"{name}/product", domain=RUNTIME_DOMAIN)
    return writer.add("Mul", [product, quantized.step], f"{name}/out")
