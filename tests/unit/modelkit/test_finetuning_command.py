"""The command `finetune` refuses before it works, ends with a served model, and takes Ctrl-C kindly."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from modelkit.batches import CLS_ID, SEP_ID
from modelkit.cli import app
from modelkit.errors import CheckpointError, DataError, OutputExists
from modelkit.evaluation import score_texts
from modelkit.finetuning.state import STATE_FILE
from modelkit.loading import load_checkpoint
from tests.checkpoints import FEW_TEXTS, write_checkpoint
from tests.unit.modelkit.finetuning_texts import DEV, LEARNED, write_csv
from worker.classifiers.onnx import OnnxClassifier
from worker.model_directory import load_manifest, verify_files
from worker.wordpiece import build_tokenizer

HEADER = "domain,label,text\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "tiny-base")


def list_arguments(folder: Path, csv: Path, *options: str) -> list[str]:
    places = {"--model": "tiny-base", "--out": "models/mine", "--checkpoints": "runs"}
    paths = [part for option, place in places.items() for part in (option, str(folder / place))]
    return ["finetune", str(csv), *paths, "--float32", "--texts", str(FEW_TEXTS), *options]


def invoke(folder: Path, csv: Path, *options: str) -> Result:
    return CliRunner().invoke(app, list_arguments(folder, csv, *options))


@pytest.fixture
def made(tmp_path: Path, base: Path) -> Result:
    csv, dev = write_csv(tmp_path / "mine.csv", LEARNED), write_csv(tmp_path / "dev.csv", DEV)
    return invoke(
        tmp_path, csv, "--dev", str(dev), "--epochs", "2", "--rank", "2", "--seed", "5", "--learning-rate", "0.01"
    )


def test_the_outcome_is_a_whole_model_directory_with_its_history(tmp_path: Path, made: Result) -> None:
    assert made.exit_code == 0, made.output

    manifest = load_manifest(tmp_path / "models" / "mine")
    verify_files(tmp_path / "models" / "mine", manifest)
    assert made.stdout.splitlines()[-1].endswith(f": {manifest.identity}")
    assert manifest.quality["texts"] == len(DEV)
    training = manifest.training
    assert (training["rank"], training["seed"], training["epochs"], training["texts"]) == (2, 5, 2, len(LEARNED))
    assert training["base"].startswith("tiny-base@")
    assert training["sources"] == ["mine.csv"]
    assert not (tmp_path / "runs" / "mine" / STATE_FILE).exists()


def test_the_card_tells_of_the_base_and_how_to_do_it_again(tmp_path: Path, made: Result) -> None:
    training = load_manifest(tmp_path / "models" / "mine").training
    card = (tmp_path / "models" / "mine" / "README.md").read_text(encoding="utf-8")

    assert card.count(training["base"]) == 2
    assert "LoRA, rank 2" in card
    assert "python -m modelkit finetune" in card
    assert "--model tiny-base --rank 2 --epochs 2 --learning-rate 0.01 --seed 5" in card
    assert "## 中文" in card
    assert "## English" in card


def test_the_service_s_classifier_gives_the_checkpoint_s_scores(tmp_path: Path, made: Result) -> None:
    checkpoint = load_checkpoint(tmp_path / "runs" / "mine" / "finished")
    encodings = build_tokenizer(checkpoint.tokens).encode_batch_fast([review.text for review in DEV])
    model = checkpoint.build_model()
    with torch.inference_mode():
        logits = [model(input_ids=torch.tensor([[CLS_ID, *encoding.ids, SEP_ID]])).logits[0] for encoding in encodings]

    served = score_texts(OnnxClassifier(tmp_path / "models" / "mine", threads=1), [review.text for review in DEV])

    # A model directory stores weights by half.
    np.testing.assert_allclose(served, torch.stack(logits).softmax(-1).numpy(), atol=2e-3)


def test_without_a_dev_set_a_tenth_of_the_texts_measures(tmp_path: Path, base: Path) -> None:
    answer = invoke(tmp_path, write_csv(tmp_path / "mine.csv", LEARNED), "--epochs", "1")

    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0] == f"drawn as the dev set: 6 of {len(LEARNED)} texts"
    assert load_manifest(tmp_path / "models" / "mine").quality["texts"] == 6


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,text\n1,好\n", "no column domain"),
        (HEADER + "书,1,好\n书,1,很好\n", "Every text is positive"),
        (HEADER + "书,1,好\n书,9,差\n", "line 3: the label is '9'"),
        (HEADER + "书,1,好\n书,0, \n", "line 3: the text is empty"),
        (HEADER + "书,1,好\n书,0,差\n", "at least 10 of each label"),
    ],
)
def test_a_wrong_file_is_refused_before_any_work(tmp_path: Path, base: Path, content: str, message: str) -> None:
    csv = tmp_path / "bad.csv"
    csv.write_text(content, encoding="utf-8")

    answer = invoke(tmp_path, csv)

    assert isinstance(answer.exception, DataError)
    assert message in str(answer.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "tiny-base"]


def test_what_is_there_is_not_overwritten_unasked(tmp_path: Path, base: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)

    answer = invoke(tmp_path, write_csv(tmp_path / "mine.csv", LEARNED))

    assert isinstance(answer.exception, OutputExists)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    answer = invoke(tmp_path, write_csv(tmp_path / "mine.csv", LEARNED))

    assert isinstance(answer.exception, CheckpointError)
    assert not (tmp_path / "runs").exists()


def test_a_rank_for_every_weight_is_refused(tmp_path: Path, base: Path) -> None:
    answer = invoke(tmp_path, write_csv(tmp_path / "mine.csv", LEARNED), "--full", "--rank", "4")

    assert answer.exit_code == 2
    assert "leave out --rank" in answer.stderr


def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path: Path, base: Path) -> None:
    many = ["--epochs", "5000", "--patience", "5000"]
    arguments = list_arguments(tmp_path, write_csv(tmp_path / "mine.csv", LEARNED), *many)
    command = [sys.executable, "-m", "modelkit", *arguments]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert any(line.startswith("epoch 1:") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    state = tmp_path / "runs" / "mine" / STATE_FILE
    assert process.returncode == 130
    assert errors.splitlines() == [
        f"modelkit: stopped. {state} holds what is done; the same command goes on from there."
    ]
    assert state.exists()
    assert not (tmp_path / "models").exists()
