"""Checkpoints of every known layout are understood, and nothing is believed that does not fit together."""

import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from modelkit.checkpoint import EMBEDDINGS, Checkpoint, save_checkpoint
from modelkit.errors import CheckpointError
from modelkit.export import export_model, restore_checkpoint
from modelkit.loading import load_checkpoint
from shared.errors import ModelDirectoryError
from shared.states import Label
from tests.checkpoints import edit_json, make_checkpoint, write_checkpoint, write_hugging_face_checkpoint

LABELS = (Label.NEGATIVE, Label.POSITIVE)


class RunsCode:
    """Unpickled without care, it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.trace,)


def assert_like_the_original(loaded: Checkpoint) -> None:
    original = make_checkpoint()
    assert loaded.weights.keys() == original.weights.keys()
    assert all(torch.equal(tensor, original.weights[name]) for name, tensor in loaded.weights.items())
    assert (loaded.tokens, loaded.labels, loaded.shape) == (original.tokens, LABELS, original.shape)


def rename(name: str, prefix: str, head: str) -> str:
    return head + name if name.startswith("classifier.") else name.replace("bert.", prefix, 1)


@pytest.mark.parametrize("pickled", [True, False])
@pytest.mark.parametrize(
    ("prefix", "head"),
    [("bert.", ""), ("encoder.", ""), ("encoder.", "head."), ("backbone.", "head.")],
)
def test_every_layout_of_modelscope_is_understood(tmp_path: Path, prefix: str, head: str, pickled: bool) -> None:
    original = make_checkpoint()
    renamed = {rename(name, prefix, head): tensor for name, tensor in original.weights.items()}
    save_checkpoint(tmp_path / "tiny", replace(original, weights=renamed))
    if not pickled:
        (tmp_path / "tiny" / "pytorch_model.bin").unlink()
        save_file(renamed, tmp_path / "tiny" / "model.safetensors")

    loaded = load_checkpoint(tmp_path / "tiny")

    assert_like_the_original(loaded)
    assert loaded.max_tokens == 32


@pytest.mark.parametrize("pickled", [True, False])
@pytest.mark.parametrize("fast_tokenizer", [True, False])
def test_every_form_of_hugging_face_is_understood(tmp_path: Path, fast_tokenizer: bool, pickled: bool) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny", fast_tokenizer=fast_tokenizer, pickled=pickled)

    loaded = load_checkpoint(directory)

    assert_like_the_original(loaded)
    assert loaded.max_tokens == 64  # all positions, as no file names less
    assert loaded.lowercase


def test_the_window_of_hugging_face_comes_from_the_tokenizer(tmp_path: Path) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny")
    (directory / "tokenizer_config.json").write_text('{"model_max_length": 48}')

    assert load_checkpoint(directory).max_tokens == 48


def test_a_model_that_keeps_capitals_does_so_to_the_end(tmp_path: Path) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny")
    (directory / "tokenizer_config.json").write_text('{"do_lower_case": false}')

    export_model(directory, tmp_path / "model")
    restore_checkpoint(tmp_path / "model", tmp_path / "restored")

    description = json.loads((tmp_path / "model" / "tokenizer.json").read_text(encoding="utf-8"))
    assert description["normalizer"]["lowercase"] is False
    assert not load_checkpoint(tmp_path / "restored").lowercase


def test_old_names_and_the_head_of_pretraining_are_understood(tmp_path: Path) -> None:
    original = make_checkpoint()
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in original.weights.items()
    }
    save_checkpoint(tmp_path / "tiny", replace(original, weights=old | {"cls.predictions.bias": torch.zeros(3)}))

    assert_like_the_original(load_checkpoint(tmp_path / "tiny"))


@pytest.mark.parametrize("inside_an_archive", [True, False])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path, inside_an_archive: bool) -> None:
    directory, trace = write_checkpoint(tmp_path / "tiny"), tmp_path / "trace"
    path = directory / "pytorch_model.bin"
    if inside_an_archive:
        torch.save({"classifier.bias": RunsCode(trace)}, path)
    else:
        path.write_bytes(pickle.dumps(RunsCode(trace)))

    with pytest.raises(CheckpointError, match="would run code when opened; nothing of it was run"):
        export_model(directory, tmp_path / "model")

    assert not trace.exists()
    assert not (tmp_path / "model").exists()
    with suppress(RuntimeError):  # a bare pickle is no archive, which torch notices when it is too late
        torch.load(path, weights_only=False)
    assert trace.exists()  # so it would indeed have run


@pytest.mark.parametrize("file", ["pytorch_model.bin", "model.safetensors"])
@pytest.mark.parametrize("kept", [0, 100, 20_000])
def test_weights_that_are_cut_short_are_refused(tmp_path: Path, file: str, kept: int) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny", pickled=file.endswith("bin"))
    content = (directory / file).read_bytes()
    (directory / file).write_bytes(content[:kept])

    with pytest.raises(CheckpointError, match=rf"{file} is (damaged or cut short|refused)"):
        load_checkpoint(directory)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("configuration.json", {"allow_remote": True}),
        ("configuration.json", {"plugins": ["someone-elses-package"]}),
        ("config.json", {"auto_map": {"AutoModel": "evil.Model"}}),
    ],
)
def test_a_model_that_asks_to_run_code_is_refused(tmp_path: Path, file: str, change: dict[str, Any]) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    edit_json(directory / file, change)

    with pytest.raises(ModelDirectoryError, match=f"asks to run code .*{next(iter(change))}"):
        export_model(directory, tmp_path / "model")

    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", {"hidden_size": 64}, r"has the shape \[.*32\], config.json means \[.*64\]"),
        ("config.json", {"num_hidden_layers": 3}, r"missing \['bert.encoder.layer.2"),
        ("config.json", {"num_hidden_layers": 1}, r"unknown \['bert.encoder.layer.1"),
        ("config.json", {"num_attention_heads": 5}, "describes no BERT"),
        ("config.json", {"vocab_size": 7}, r"word_embeddings.weight has the shape"),
        ("config.json", {"position_embedding_type": "relative_key"}, "only 'absolute' can be served"),
        ("config.json", {"problem_type": "multi_label_classification"}, "only 'single_label_classification'"),
        ("config.json", {"hidden_act": "relu"}, "only 'gelu' can be served"),
        ("config.json", {"max_position_embeddings": 2}, "outside of 3 to 2"),
        ("config.json", {"max_position_embeddings": "many"}, "is no number"),
        ("configuration.json", {"preprocessor": {"max_length": -4}}, "window of -4 tokens"),
        ("configuration.json", {"model": {"label2id": {"负面": 0}}}, r"1 labels \(negative\), .* has 2 outputs"),
        ("configuration.json", {"model": {"label2id": {"负面": 0, "正面": 1, "中性": 2}}}, "has 2 outputs"),
        ("configuration.json", {"model": {"label2id": {"负面": 0, "正面": 2}}}, "without a gap"),
        ("configuration.json", {"model": {"label2id": {"负面": 0, "neg": 1}}}, "must be different"),
        ("configuration.json", {"model": {"label2id": {"负面": "first", "正面": 1}}}, "is not a number"),
        ("configuration.json", {"model": {"label2id": {"LABEL_0": 0, "LABEL_1": 1}}}, "'LABEL_0'; rename it"),
        ("configuration.json", {"pipeline": {"type": "text-generation"}}, "only a text classifier can be served"),
    ],
)
def test_parts_that_do_not_fit_are_named(tmp_path: Path, file: str, change: dict[str, Any], message: str) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    edit_json(directory / file, change)

    with pytest.raises((CheckpointError, ModelDirectoryError), match=message):
        load_checkpoint(directory)


def drop_last(tokens: list[str]) -> list[str]:
    return tokens[:-1]


def add_one(tokens: list[str]) -> list[str]:
    return [*tokens, "又"]


def drop_separator(tokens: list[str]) -> list[str]:
    return ["又" if token == "[SEP]" else token for token in tokens]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (drop_last, "tokens, the embeddings have"),
        (add_one, "tokens, the embeddings have"),
        (drop_separator, r"lacks \[SEP\]"),
    ],
)
def test_a_vocabulary_of_another_model_is_refused(
    tmp_path: Path, spoil: Callable[[list[str]], list[str]], message: str
) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    path = directory / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token in spoil(path.read_text(encoding="utf-8").split())), "utf-8")

    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(directory)


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("model", {"type": "BPE"}, "only BERT's WordPiece can be served"),
        ("model", {"vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 4}}, "gaps or repeat"),
        ("normalizer", {"handle_chinese_chars": False}, "Chinese characters are not split apart"),
        ("normalizer", {"strip_accents": False}, "strip_accents is False"),
    ],
)
def test_another_tokenizer_is_refused(tmp_path: Path, section: str, change: dict[str, Any], message: str) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny", fast_tokenizer=True)
    path = directory / "tokenizer.json"
    edit_json(path, {section: json.loads(path.read_text(encoding="utf-8"))[section] | change})

    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(directory)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    original = make_checkpoint()
    spoiled = original.weights[EMBEDDINGS].clone()
    spoiled[0, 0] = torch.nan
    save_checkpoint(tmp_path / "tiny", replace(original, weights={**original.weights, EMBEDDINGS: spoiled}))

    with pytest.raises(CheckpointError, match="not finite"):
        load_checkpoint(tmp_path / "tiny")


@pytest.mark.parametrize("model_type", ["roberta", "structbert", None])
def test_only_a_bert_may_do_without_configuration_json(tmp_path: Path, model_type: str | None) -> None:
    directory = write_hugging_face_checkpoint(tmp_path / "tiny")
    edit_json(directory / "config.json", {"model_type": model_type})

    with pytest.raises(CheckpointError, match=r"configuration\.json cannot be read"):
        load_checkpoint(directory)


def test_a_deeply_nested_file_is_refused(tmp_path: Path) -> None:
    directory = write_checkpoint(tmp_path / "tiny")
    (directory / "config.json").write_text("[" * 100_000)

    with pytest.raises(CheckpointError, match="is not JSON"):
        load_checkpoint(directory)
