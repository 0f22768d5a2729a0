"""The command line refuses before it works, in one kind line, and prints what it measured."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from modelkit.cli import app
from modelkit.errors import CheckpointError, DataError
from modelkit.pretraining import load_pretrained
from tests.checkpoints import write_checkpoint

DEV = "domain,label,text\n酒店,1,房间很干净\n酒店,0,客服不理人\n"


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    path = tmp_path / "dev.csv"
    path.write_text(DEV, encoding="utf-8")
    return path


def test_training_stops_at_a_bad_file_before_any_work(tmp_path: Path, dev: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("label,text\n1,好\n", encoding="utf-8")
    out = tmp_path / "models" / "small"
    command = [sys.executable, "-m", "modelkit", "train", str(bad), "--dev", str(dev), "--out", str(out)]

    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.splitlines() == [
        f"modelkit: {bad}: no column domain. The first line must name: domain, label, text."
    ]
    assert not out.parent.exists()


def test_export_and_restore_make_a_round_trip(tmp_path: Path) -> None:
    checkpoint, model_dir, restored = write_checkpoint(tmp_path / "c"), tmp_path / "m", tmp_path / "r"

    answers = [
        CliRunner().invoke(app, ["export", str(checkpoint), "--out", str(model_dir)]),
        CliRunner().invoke(app, ["restore", str(model_dir), str(restored)]),
    ]

    assert [answer.exit_code for answer in answers] == [0, 0]
    assert answers[0].stdout.startswith(f"{model_dir}: m@")
    assert (restored / "vocab.txt").read_bytes() == (checkpoint / "vocab.txt").read_bytes()


def test_pretraining_takes_texts_of_several_files_once_each(tmp_path: Path, dev: Path) -> None:
    out = tmp_path / "encoder"

    answer = CliRunner().invoke(app, ["pretrain", str(dev), str(dev), "--out", str(out), "--epochs", "1"])

    assert answer.exit_code == 0
    assert answer.stdout.startswith("2 texts, ")
    assert load_pretrained(out).epochs == 1


def test_training_stops_at_a_folder_without_an_encoder(tmp_path: Path, dev: Path) -> None:
    options = ["--dev", str(dev), "--out", str(tmp_path / "m"), "--pretrained", str(tmp_path)]

    answer = CliRunner().invoke(app, ["train", str(dev), *options])

    assert isinstance(answer.exception, CheckpointError)
    assert not (tmp_path / "m").exists()


def test_training_stops_at_texts_that_cannot_be_used_before_any_work(tmp_path: Path, dev: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("sentence\n好\n", encoding="utf-8")
    options = ["--dev", str(dev), "--out", str(tmp_path / "m"), "--texts", str(texts)]

    answer = CliRunner().invoke(app, ["train", str(dev), *options, "--checkpoints", str(tmp_path / "runs")])

    assert isinstance(answer.exception, DataError)
    assert answer.stdout == ""
    assert not (tmp_path / "runs").exists()
