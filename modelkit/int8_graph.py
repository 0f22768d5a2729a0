"""Writes a BERT classifier as an ONNX graph that multiplies in int8, with one scale per token and one per output.

A token's activations are scaled by their own largest value, so what a text scores does not depend on its neighbours in
the batch, as it does where one scale serves a whole tensor. Between the products everything is float32. Embeddings,
which are only looked up, are stored in half precision; layer norms, biases and the head are exact. Two operators,
`MatMulIntegerToFloat` and `BiasGelu`, are ONNX Runtime's own: standard ones would pass over memory once more for each.
How this was chosen, and what else was measured: docs/decisions/0009-engine.md.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from modelkit.graph_writer import RUNTIME_DOMAIN, GraphWriter, Weights
from modelkit.int8_weights import LARGEST_STEP, SCALE_SUFFIX, round_to_int8

# Activations are unsigned bytes around 128: the fast kernels multiply unsigned bytes by signed ones.
ZERO_POINT = 128
SMALLEST_ACTIVATION = 1e-9  # a token of zeros only has to be divided by something
# What is added to the scores of padding: no such key keeps any weight in the softmax.
MASKED = 3e38
EMBEDDINGS, POOLER = "bert.embeddings", "bert.pooler.dense"


@dataclass(frozen=True, slots=True)
class Network:
    """What the weights themselves do not tell."""

    layers: int
    heads: int
    hidden: int
    epsilon: float  # of the layer norms


def build_int8_graph(weights: Weights, network: Network) -> onnx.ModelProto:
    """Return the graph, with the inputs and outputs that a model directory promises; weights keep their names."""
    writer = GraphWriter(weights)
    states = _write_embeddings(writer, network)
    for layer in range(network.layers):
        states = _write_layer(writer, network, f"bert.encoder.layer.{layer}", states)
    _write_head(writer, states)
    return writer.finish(outputs=len(weights["classifier.bias"]))


def _write_embeddings(writer: GraphWriter, network: Network) -> str:
    """Return the sum of the three embeddings, normalized: float32 [batch × seq, hidden]."""
    tables = {
        kind: writer.weight(f"{EMBEDDINGS}.{kind}_embeddings.weight", np.float16)
        for kind in ("word", "position", "token_type")
    }
    start, stop = writer.keep("start", [0], np.int64), writer.add("Shape", ["input_ids"], "seq", start=1, end=2)
    found = (
        writer.add("Gather", [tables["word"], "input_ids"], "words"),
        writer.add("Slice", [tables["position"], start, stop], "positions"),
        writer.add("Gather", [tables["token_type"], writer.keep("zero", 0, np.int64)], "token_type"),
    )
    words, positions, kind = (writer.add("Cast", [name], f"{name}/wide", to=TensorProto.FLOAT) for name in found)
    placed = writer.add("Add", [positions, kind], "places")
    states = _normalize(writer, network, writer.add("Add", [words, placed], "embedded"), f"{EMBEDDINGS}.LayerNorm")
    _write_shapes(writer, network)
    return writer.add("Reshape", [states, "by_token"], "states")


def _write_shapes(writer: GraphWriter, network: Network) -> None:
    """Add the shapes and the mask that every layer uses."""
    batch_and_seq = writer.add("Shape", ["input_ids"], "batch_and_seq")
    split = writer.keep("heads", [network.heads, network.hidden // network.heads], np.int64)
    writer.keep("rest", [-1], np.int64)
    writer.keep("by_token", [-1, network.hidden], np.int64)
    writer.add("Concat", [batch_and_seq, "rest"], "by_text", axis=0)
    writer.add("Concat", [batch_and_seq, split], "by_head", axis=0)
    present = writer.add("Cast", ["attention_mask"], "present", to=TensorProto.FLOAT)
    absent = writer.add("Sub", [present, writer.keep("one", 1, np.float32)], "absent")
    penalty = writer.add("Mul", [absent, writer.keep("masked", MASKED, np.float32)], "penalty")
    writer.add("Unsqueeze", [penalty, writer.keep("over_heads_and_queries", [1, 2], np.int64)], "mask")


def _write_layer(writer: GraphWriter, network: Network, name: str, states: str) -> str:
    """Add one layer; `states` in and out are float32 [batch × seq, hidden]."""
    attended = _write_attention(writer, network, f"{name}.attention.self", states)
    states = _write_residual(writer, network, f"{name}.attention.output", attended, states)
    wide = f"{name}.intermediate.dense"
    product = _multiply(writer, _quantize(writer, states), wide)
    active = writer.add("BiasGelu", [product, writer.weight(f"{wide}.bias")], f"{wide}/active", domain=RUNTIME_DOMAIN)
    return _write_residual(writer, network, f"{name}.output", active, states)


def _write_attention(writer: GraphWriter, network: Network, name: str, states: str) -> str:
    quantized = _quantize(writer, states)  # once for the three products
    query, key, value = (
        _split_heads(writer, quantized, f"{name}.{part}", order)
        for part, order in (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3)))
    )
    scale = writer.keep("attention_scale", (network.hidden // network.heads) ** -0.5, np.float32)
    scaled = writer.add("Mul", [writer.add("MatMul", [query, key], f"{name}/products"), scale], f"{name}/scaled")
    shares = writer.add("Softmax", [writer.add("Add", [scaled, "mask"], f"{name}/masked")], f"{name}/shares", axis=-1)
    mixed = writer.add("MatMul", [shares, value], f"{name}/mixed")
    joined = writer.add("Transpose", [mixed], f"{name}/joined", perm=[0, 2, 1, 3])
    return writer.add("Reshape", [joined, "by_token"], f"{name}/out")


def _split_heads(writer: GraphWriter, quantized: tuple[str, str], name: str, order: tuple[int, ...]) -> str:
    biased = writer.add("Add", [_multiply(writer, quantized, name), writer.weight(f"{name}.bias")], f"{name}/biased")
    parted = writer.add("Reshape", [biased, "by_head"], f"{name}/parted")
    return writer.add("Transpose", [parted], f"{name}/by_head", perm=list(order))


def _write_residual(writer: GraphWriter, network: Network, name: str, source: str, states: str) -> str:
    product = _multiply(writer, _quantize(writer, source), f"{name}.dense")
    # Two sums and a layer norm; ONNX Runtime's fused operator for the three takes longer.
    biased = writer.add("Add", [product, writer.weight(f"{name}.dense.bias")], f"{name}/biased")
    return _normalize(writer, network, writer.add("Add", [biased, states], f"{name}/sum"), f"{name}.LayerNorm")


def _write_head(writer: GraphWriter, states: str) -> None:
    by_text = writer.add("Reshape", [states, "by_text"], "last_states")
    first = writer.add("Gather", [by_text, "zero"], "first_token", axis=1)
    pooled = writer.add("Gemm", [first, *_list_linear(writer, POOLER)], "pooled", transB=1)
    active = writer.add("Tanh", [pooled], "active")
    writer.add("Gemm", [active, *_list_linear(writer, "classifier")], "logits", transB=1)


def _list_linear(writer: GraphWriter, name: str) -> list[str]:
    return [writer.weight(f"{name}.weight"), writer.weight(f"{name}.bias")]


def _normalize(writer: GraphWriter, network: Network, states: str, name: str) -> str:
    inputs = [states, *_list_linear(writer, name)]
    return writer.add("LayerNormalization", inputs, f"{name}/out", axis=-1, epsilon=network.epsilon)


def _quantize(writer: GraphWriter, states: str) -> tuple[str, str]:
    """Return the bytes of `states`, uint8 [tokens, width], and the size of each token's step, float32 [tokens, 1]."""
    # The largest and the smallest value cost less than the largest of all absolute values, which would be stored first.
    high, low = (
        writer.add(f"Reduce{end}", [states], f"{states}/{end}", axes=[-1], keepdims=1) for end in ("Max", "Min")
    )
    smallest = writer.keep("smallest_activation", SMALLEST_ACTIVATION, np.float32)
    reach = writer.add("Max", [high, writer.add("Neg", [low], f"{states}/depth"), smallest], f"{states}/reach")
    step = writer.add("Div", [reach, writer.keep("steps", LARGEST_STEP, np.float32)], f"{states}/step")
    by_token = writer.add("Reshape", [step, "rest"], f"{states}/step_by_token")
    tokens = writer.add("Shape", [by_token], f"{states}/tokens")
    zero_points = writer.add(
        "Expand", [writer.keep("zero_point_of_token", [ZERO_POINT], np.uint8), tokens], f"{states}/zero_points"
    )
    return writer.add("QuantizeLinear", [states, by_token, zero_points], f"{states}/bytes", axis=0), step


def _multiply(writer: GraphWriter, quantized: tuple[str, str], name: str) -> str:
    """Return the product with a weight, float32 [tokens, outputs], without its bias."""
    values, step = quantized
    matrix, scales = round_to_int8(writer.weights[f"{name}.weight"])
    inputs = [
        values,
        writer.keep(f"{name}.weight", matrix.T, np.int8),
        writer.keep("one", 1, np.float32),
        writer.keep(f"{name}.weight{SCALE_SUFFIX}", scales, np.float32),
        writer.keep("zero_point", ZERO_POINT, np.uint8),
    ]
    product = writer.add("MatMulIntegerToFloat", inputs, f"{name}/product", domain=RUNTIME_DOMAIN)
    return writer.add("Mul", [product, step], f"{name}/out")
