"""Makes an int8 model directory of one whose arithmetic is float32."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import onnx

from modelkit.data import Review
from modelkit.errors import CheckpointError
from modelkit.export import publish_model
from modelkit.graph import read_weights
from modelkit.int8_graph import Network, build_int8_graph
from worker.model_directory import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Manifest,
    load_manifest,
    record_file,
    verify_files,
    write_manifest,
)

PRECISION = "int8"


def quantize_model(model_dir: Path, out: Path, dev: Sequence[Review] = (), *, overwrite: bool = False) -> Manifest:
    """Write the int8 model directory `out`, named after its folder; with `dev`, measure it and keep the figures.

    Figures of the float32 model are not taken over, since they were not measured on this one.

    Raises:
        CheckpointError: the model is int8 already.
        ModelDirectoryError: `model_dir` cannot be used.
    """
    source = load_manifest(model_dir)
    verify_files(model_dir, source)
    if source.precision == PRECISION:
        raise CheckpointError(f"{model_dir} is int8 already. Quantize the fp32 model that it was made from.")
    return publish_model(
        out,
        lambda draft: write_int8_model(model_dir, source, draft, out.name),
        dev,
        overwrite=overwrite,
        exact_dir=model_dir,
    )


def write_int8_model(model_dir: Path, source: Manifest, directory: Path, name: str) -> None:
    """Write graph, tokenizer and manifest of the int8 model called `name` into a directory that exists."""
    weights = {key: tensor.numpy() for key, tensor in read_weights(model_dir / MODEL_FILE).items()}
    shape = source.shape
    network = Network(shape["layers"], shape["heads"], shape["hidden"], _read_epsilon(model_dir / MODEL_FILE))
    onnx.save(build_int8_graph(weights, network), directory / MODEL_FILE)
    copyfile(model_dir / TOKENIZER_FILE, directory / TOKENIZER_FILE)
    files = {file: record_file(directory / file) for file in (MODEL_FILE, TOKENIZER_FILE)}
    write_manifest(directory, replace(source, name=name, files=files, precision=PRECISION, quality={}, verification={}))


def _read_epsilon(path: Path) -> float:
    """Return the epsilon of the layer norms, which a manifest does not tell."""
    norms = (node for node in onnx.load(path).graph.node if node.op_type == "LayerNormalization")
    return float(next(field.f for field in next(norms).attribute if field.name == "epsilon"))
