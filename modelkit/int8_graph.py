"""Writes a BERT classifier as an ONNX graph that multiplies in int8, with one scale per token and one per output.

A token's activations are scaled by their own largest value, so what a text scores does not depend on its neighbours in
the batch, as it does where one scale serves a whole tensor. Between the products everything is float32. Embeddings,
which are only looked up, are stored in half precision; layer norms, biases and the head are exact. The head reads the
first token alone, so the last layer computes the others only as far as the first attends to them; its query is float32,
for it is there that rounding moves a score most. Two operators, `MatMulIntegerToFloat` and `BiasGelu`, are ONNX
Runtime's own: standard ones would pass over memory once more for each.
How this was chosen, and what else was measured: docs/decisions/0009-engine.md.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from modelkit.byte_products import ZERO_POINT_OF_GELU, Quantized, multiply, quantize
from modelkit.graph_writer import RUNTIME_DOMAIN, GraphWriter, Weights

# What is added to the scores of padding: no such key keeps any weight in the softmax.
MASKED = 3e38
EMBEDDINGS, POOLER = "bert.embeddings", "bert.pooler.dense"
# From [batch, tokens, heads, width] to heads first, the keys already transposed for the product with the queries.
QUERY_ORDER, KEY_ORDER = (0, 2, 1, 3), (0, 2, 3, 1)


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
    *layers, last = (f"bert.encoder.layer.{layer}" for layer in range(network.layers))
    for name in layers:
        states = _write_layer(writer, network, name, states)
    _write_head(writer, _write_last_layer(writer, network, last, states))
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
    heads = [network.heads, network.hidden // network.heads]
    split = writer.keep("heads", heads, np.int64)
    writer.keep("by_head_of_one_token", [-1, 1, *heads], np.int64)
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
    attention = f"{name}.attention.self"
    quantized = quantize(writer, states)  # once for the three products
    query = _split_heads(writer, _add_bias(writer, quantized, f"{attention}.query"), "by_head", QUERY_ORDER)
    attended = _write_attention(writer, network, attention, query, quantized)
    return _write_feed_forward(writer, network, name, attended, states)


def _write_last_layer(writer: GraphWriter, network: Network, name: str, states: str) -> str:
    """Add the last layer for the first token of each text; `states` as above, out float32 [batch, hidden]."""
    attention = f"{name}.attention.self"
    first = writer.add("Gather", [writer.add("Reshape", [states, "by_text"], "texts"), "zero"], "first_tokens", axis=1)
    asked = writer.add("Gemm", [first, *_list_linear(writer, f"{attention}.query")], f"{attention}.query", transB=1)
    query = _split_heads(writer, asked, "by_head_of_one_token", QUERY_ORDER)
    attended = _write_attention(writer, network, attention, query, quantize(writer, states))
    return _write_feed_forward(writer, network, name, attended, first)


def _write_attention(writer: GraphWriter, network: Network, name: str, query: str, quantized: Quantized) -> str:
    """Return what each query, float32 [batch, heads, queries, width], gathers: float32 [batch × queries, hidden]."""
    key, value = (
        _split_heads(writer, _add_bias(writer, quantized, f"{name}.{part}"), "by_head", order)
        for part, order in (("key", KEY_ORDER), ("value", QUERY_ORDER))
    )
    scale = writer.keep("attention_scale", (network.hidden // network.heads) ** -0.5, np.float32)
    scaled = writer.add("Mul", [writer.add("MatMul", [query, key], f"{name}/products"), scale], f"{name}/scaled")
    shares = writer.add("Softmax", [writer.add("Add", [scaled, "mask"], f"{name}/masked")], f"{name}/shares", axis=-1)
    mixed = writer.add("MatMul", [shares, value], f"{name}/mixed")
    joined = writer.add("Transpose", [mixed], f"{name}/joined", perm=[0, 2, 1, 3])
    return writer.add("Reshape", [joined, "by_token"], f"{name}/out")


def _write_feed_forward(writer: GraphWriter, network: Network, name: str, attended: str, states: str) -> str:
    states = _write_residual(writer, network, f"{name}.attention.output", quantize(writer, attended), states)
    wide = f"{name}.intermediate.dense"
    product = multiply(writer, quantize(writer, states), wide)
    active = writer.add("BiasGelu", [product, writer.weight(f"{wide}.bias")], f"{wide}/active", domain=RUNTIME_DOMAIN)
    quantized = quantize(writer, active, ZERO_POINT_OF_GELU)
    return _write_residual(writer, network, f"{name}.output", quantized, states)


def _split_heads(writer: GraphWriter, states: str, shape: str, order: tuple[int, ...]) -> str:
    parted = writer.add("Reshape", [states, shape], f"{states}/parted")
    return writer.add("Transpose", [parted], f"{states}/by_head", perm=order)


def _add_bias(writer: GraphWriter, quantized: Quantized, name: str) -> str:
    return writer.add("Add", [multiply(writer, quantized, name), writer.weight(f"{name}.bias")], f"{name}/biased")


def _write_residual(writer: GraphWriter, network: Network, name: str, source: Quantized, states: str) -> str:
    # Two sums and a layer norm; ONNX Runtime's fused operator for the three takes longer.
    biased = _add_bias(writer, source, f"{name}.dense")
    return _normalize(writer, network, writer.add("Add", [biased, states], f"{name}/sum"), f"{name}.LayerNorm")


def _write_head(writer: GraphWriter, first: str) -> None:
    pooled = writer.add("Gemm", [first, *_list_linear(writer, POOLER)], "pooled", transB=1)
    active = writer.add("Tanh", [pooled], "active")
    writer.add("Gemm", [active, *_list_linear(writer, "classifier")], "logits", transB=1)


def _list_linear(writer: GraphWriter, name: str) -> list[str]:
    return [writer.weight(f"{name}.weight"), writer.weight(f"{name}.bias")]


def _normalize(writer: GraphWriter, network: Network, states: str, name: str) -> str:
    inputs = [states, *_list_linear(writer, name)]
    return writer.add("LayerNormalization", inputs, f"{name}/out", axis=-1, epsilon=network.epsilon)
