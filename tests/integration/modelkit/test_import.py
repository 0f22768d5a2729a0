"""One command leads from a model's name, or a directory, to a model directory that serves."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from modelkit.card import render_card
from modelkit.errors import CheckpointError, DataError, HubFailed, OutputExists
from modelkit.evaluation import score_texts
from modelkit.export import export_model
from modelkit.importing_cli import app
from modelkit.quantization import quantize_model
from modelkit.sources import parse_source
from shared.errors import ModelDirectoryError
from tests.checkpoints import FEW_TEXTS, TEXTS, write_checkpoint, write_hugging_face_checkpoint
from tests.hub import Hub
from tests.service import ROOT
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import load_manifest, verify_files

TINY = "damo/nlp_structbert_sentiment-classification_chinese-tiny"
DEV = "domain,label,text\n酒店,1,房间很干净\n酒店,0,客服不理人\n"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def published(hub: Hub, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return the hub that the library's settings name, with the checkpoint under the smallest model's id."""
    hub.models[TINY] = {"master": {path.name: path.read_bytes() for path in checkpoint.iterdir()}}
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
    return hub


def run_import(model: str, out: Path, *options: str) -> list[str]:
    answer = CliRunner().invoke(app, ["import", model, "--out", str(out), "--texts", str(FEW_TEXTS), *options])
    if answer.exception:
        raise answer.exception
    return answer.stdout.splitlines()


def test_a_model_of_the_hub_becomes_one_that_serves(published: Hub, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny-zh"

    lines = run_import("structbert-tiny", out, "--cache", str(tmp_path / "cache"))

    manifest = load_manifest(out)
    verify_files(out, manifest)
    assert lines[0].startswith(f"fetching {TINY} or iic/")
    assert [line[:5] for line in lines if line.startswith("[")] == [f"[{number}/5]" for number in range(1, 6)]
    assert lines[-1] == f"{out}: tiny-zh@{manifest.revision}"
    export_model(checkpoint, tmp_path / "exported")
    assert manifest.revision == quantize_model(tmp_path / "exported", tmp_path / "quantized").revision
    assert (manifest.precision, manifest.verification["precision"]) == ("int8", "int8")
    origin = manifest.training["imported"]
    assert (origin["model_id"], origin["revision"], origin["hub"]) == (TINY, "master", published.url)
    assert len(origin["weights_sha256"]) == 64
    assert [path.name for path in out.parent.iterdir()] == ["tiny-zh"]


def test_the_card_tells_the_origin_and_claims_nothing_else(published: Hub, tmp_path: Path) -> None:
    out = tmp_path / "tiny-zh"
    run_import("structbert-tiny", out, "--cache", str(tmp_path / "cache"))

    card = (out / "README.md").read_text(encoding="utf-8")

    assert card == render_card(load_manifest(out))
    assert card.count(f"`{TINY}`") == 2
    assert card.count(f"import {TINY} --revision master --out models/tiny-zh") == 2
    assert "Not measured here." in card
    assert "从零训练" not in card
    assert "SophonPlus" not in card


def test_what_was_fetched_serves_a_second_import(published: Hub, tmp_path: Path) -> None:
    cache = ("--cache", str(tmp_path / "cache"))
    run_import("structbert-tiny", tmp_path / "first", *cache)
    published.requests.clear()

    run_import("structbert-tiny", tmp_path / "second", *cache)

    assert published.list_fetched() == []


@pytest.mark.parametrize("relative", [True, False])
def test_a_local_directory_never_calls_a_hub(
    published: Hub, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    shutil.copytree(checkpoint, tmp_path / TINY)  # a path that could be the id of a model
    monkeypatch.chdir(tmp_path)

    run_import(TINY if relative else str(tmp_path / TINY), tmp_path / "out")

    assert published.requests == []
    assert load_manifest(tmp_path / "out").training["imported"]["directory"] == Path(TINY).name


def test_both_layouts_give_the_same_scores(checkpoint: Path, tmp_path: Path) -> None:
    hugging_face = write_hugging_face_checkpoint(tmp_path / "hf", fast_tokenizer=True)
    for source, name in ((checkpoint, "a"), (hugging_face, "b")):
        run_import(str(source), tmp_path / name)

    first, second = (score_texts(OnnxClassifier(tmp_path / name, 1), TEXTS) for name in "ab")

    np.testing.assert_array_equal(first, second)


def test_labelled_texts_give_figures_in_manifest_and_card(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "dev.csv").write_text(DEV, encoding="utf-8")

    lines = run_import(str(checkpoint), tmp_path / "out", "--dev", str(tmp_path / "dev.csv"))

    quality = load_manifest(tmp_path / "out").quality
    assert "[5/6] measuring on the labelled texts" in lines
    assert quality["texts"] == 2
    assert f"| all | 2 | {quality['accuracy']:.2%} |" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_nothing_is_fetched_for_a_result_that_has_no_place(published: Hub, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    with pytest.raises(OutputExists):
        run_import("structbert-tiny", tmp_path / "out", "--cache", str(tmp_path / "cache"))

    assert published.requests == []


def test_nothing_is_fetched_when_the_labelled_texts_cannot_be_used(published: Hub, tmp_path: Path) -> None:
    (tmp_path / "dev.csv").write_text("label,text\n1,好\n", encoding="utf-8")

    with pytest.raises(DataError, match="no column domain"):
        run_import("structbert-tiny", tmp_path / "out", "--dev", str(tmp_path / "dev.csv"))

    assert published.requests == []


def test_a_model_of_the_hub_that_would_run_code_is_refused(published: Hub, tmp_path: Path) -> None:
    files = published.models[TINY]["master"]
    files["configuration.json"] = json.dumps(json.loads(files["configuration.json"]) | {"allow_remote": True}).encode()

    with pytest.raises(ModelDirectoryError, match=r"asks to run code .*allow_remote"):
        run_import("structbert-tiny", tmp_path / "out", "--cache", str(tmp_path / "cache"))

    assert not (tmp_path / "out").exists()


def test_a_hub_without_the_model_writes_nothing(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(HubFailed):
        run_import("owner/model", tmp_path / "out", "--hub", hub.url, "--cache", str(tmp_path / "cache"))

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "word", ["./no/such", "../no-such", "/no/such", "~/no-such-folder", ".", "structbert", "a/b/c"]
)
def test_a_path_that_leads_nowhere_is_refused_and_no_hub_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if word == ".":
        assert parse_source(word) == tmp_path.resolve()
        return
    with pytest.raises(CheckpointError, match="is no directory here"):
        parse_source(word)


def test_torch_is_not_waited_for_before_the_download() -> None:
    code = "import sys, modelkit.importing_cli; print({'torch', 'transformers'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)

    assert loaded.stdout == "set()\n"


def test_a_file_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "model.zip").touch()

    with pytest.raises(CheckpointError, match="is a file"):
        parse_source(str(tmp_path / "model.zip"))
