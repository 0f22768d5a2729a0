"""The measuring commands refuse before they work, and print, draw and store what they found."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from modelkit.cli import app
from modelkit.errors import DataError
from modelkit.export import export_model
from shared.errors import ModelDirectoryError
from tests.checkpoints import write_checkpoint

ROWS = "酒店,1,房间很干净\n酒店,negative,客服不理人\n数码,0,太差\n"
NEUTRAL = "酒店,neutral,房间\n"


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export_model(write_checkpoint(folder / "checkpoint"), folder / "tiny")
    return folder / "tiny"


def write_csv(folder: Path, rows: str = ROWS) -> Path:
    path = folder / "dev.csv"
    path.write_text("domain,label,text\n" + rows, encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_evaluate_prints_tables(model_dir: Path, tmp_path: Path) -> None:
    answer = run("evaluate", model_dir, write_csv(tmp_path))

    assert answer.exit_code == 0
    domains, confusion, rest = answer.stdout.split("\n\n")
    lines = [line.split() for line in domains.splitlines()]
    assert lines[0] == ["texts", "accuracy", "macro", "F1", "domain"]
    assert [line[-1] for line in lines[1:]] == ["数码", "酒店", "all"]
    assert confusion.split()[:5] == ["negative", "positive", "is", "\\", "called"]
    assert rest.splitlines()[0].startswith("expected calibration error (15 bins) 0.")
    assert rest.splitlines()[1].endswith("tokens/s, threads: 1")


def test_evaluate_writes_json_plot_and_card(model_dir: Path, tmp_path: Path) -> None:
    csv, figures, plot, card = (write_csv(tmp_path), *(tmp_path / name for name in ("f.json", "plot.png", "card.md")))

    answer = run("evaluate", model_dir, csv, "--json", figures, "--plot", plot, "--card", card)

    assert answer.exit_code == 0
    content = json.loads(figures.read_text(encoding="utf-8"))
    assert content["model"].startswith("tiny@")
    assert content["backend"] == "onnx"
    assert content["neutral_band"] is None
    assert content["quality"]["texts"] == sum(one["texts"] for one in content["quality"]["calibration"]) == 3
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "| 实际 \\ 判为 | negative | positive |" in card.read_text(encoding="utf-8")


def test_json_on_stdout_is_nothing_but_json(model_dir: Path, tmp_path: Path) -> None:
    answer = run("evaluate", model_dir, write_csv(tmp_path), "--json", "-")

    assert json.loads(answer.stdout)["quality"]["threads"] == 1


def test_a_neutral_band_is_told(model_dir: Path, tmp_path: Path) -> None:
    csv = write_csv(tmp_path, ROWS + NEUTRAL)

    answer = run("evaluate", model_dir, csv, "--neutral-below", "1.0")

    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-2:] == [
        "neutral below 1.0: 4 texts (100.00%), none keeps another label",
        "neutral texts caught: 1 of 1 (100.00%)",
    ]


def test_neutral_texts_need_the_band(model_dir: Path, tmp_path: Path) -> None:
    answer = run("evaluate", model_dir, write_csv(tmp_path, ROWS + NEUTRAL))

    assert isinstance(answer.exception, DataError)
    assert "pass --neutral-below" in answer.exception.detail


def test_neutral_texts_alone_are_refused(model_dir: Path, tmp_path: Path) -> None:
    answer = run("evaluate", model_dir, write_csv(tmp_path, NEUTRAL), "--neutral-below", "0.8")

    assert isinstance(answer.exception, DataError)


def test_evaluate_stops_before_the_model_is_loaded(tmp_path: Path) -> None:
    nowhere = tmp_path / "no-model"

    bad_label = run("evaluate", nowhere, write_csv(tmp_path, "书,五星,好\n"))
    no_folder = run("evaluate", nowhere, write_csv(tmp_path), "--json", tmp_path / "missing" / "f.json")
    no_model = run("evaluate", nowhere, write_csv(tmp_path))

    assert isinstance(bad_label.exception, DataError)
    assert isinstance(no_folder.exception, DataError)
    assert "there is no folder" in no_folder.exception.detail
    assert isinstance(no_model.exception, ModelDirectoryError)


def test_an_unknown_backend_is_a_usage_error(model_dir: Path, tmp_path: Path) -> None:
    answer = run("evaluate", model_dir, write_csv(tmp_path), "--backend", "onxn")

    assert answer.exit_code == 2
    assert "modelscope" in answer.output


def test_verify_wants_texts_and_a_checkpoint(model_dir: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("text\n", encoding="utf-8")

    no_text = run("verify", tmp_path, model_dir, "--csv", empty)
    no_checkpoint = run("verify", tmp_path, model_dir)

    assert isinstance(no_text.exception, DataError)
    assert isinstance(no_checkpoint.exception, ModelDirectoryError)
