"""The random model in its three forms, made small."""

import numpy as np
import onnx
import pytest
import torch
from transformers import BertConfig

from bench.baselines.litserve.scorer import Scorer
from bench.baselines.models import VOCABULARY_SIZE, Models, list_tokens, make_models
from modelkit.loading import load_checkpoint
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import load_manifest

TEXTS = ["房间很干净", "物流太慢了，包装也破了。", "a" * 600 + "很好" * 300]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    torch.set_num_threads(1)
    config = BertConfig(  # type: ignore[no-untyped-call]
        vocab_size=VOCABULARY_SIZE, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    return make_models(tmp_path_factory.mktemp("models") / "models", config)


def test_the_vocabulary_has_the_true_size_and_knows_the_usual_characters() -> None:
    tokens = list_tokens()

    assert len(set(tokens)) == len(tokens) == VOCABULARY_SIZE
    assert set("很好物流包装，。！") <= set(tokens)
    assert tokens[0] == "[PAD]"


def test_the_checkpoint_and_the_model_directory_are_one_model(models: Models) -> None:
    checkpoint = load_checkpoint(models.checkpoint)

    manifest = load_manifest(models.model_dir)

    assert checkpoint.tokens == list_tokens()
    assert (manifest.labels, manifest.shape) == (checkpoint.labels, checkpoint.shape)


def test_every_layer_of_the_int8_graph_is_quantized(models: Models) -> None:
    operators = [node.op_type for node in onnx.load(models.int8_graph).graph.node]

    assert operators.count("MatMulInteger") == 8  # six of the one encoder layer, the pooler and the head


def test_the_int8_graph_scores_as_the_model_directory_does(models: Models) -> None:
    classifier = OnnxClassifier(models.model_dir, threads=1)
    ours = [classifier.classify(windows[:1])[0, 1] for windows in classifier.encode(TEXTS[:2])]

    scores = Scorer(models.int8_graph, models.tokenizer).score(TEXTS)

    assert scores.shape == (3,)
    np.testing.assert_allclose(scores[:2], ours, atol=0.05)
