"""The document names everything that a reader needs to judge the figures."""

from pathlib import Path

from bench.baselines.comparison import Way
from bench.baselines.report import write_report
from bench.report import Row
from shared.states import Label
from worker.model_directory import FileRecord, Manifest, write_manifest


def test_it_names_versions_model_texts_and_figures(tmp_path: Path) -> None:
    files = {name: FileRecord("0" * 64, 1) for name in ("model.onnx", "tokenizer.json")}
    labels = (Label.NEGATIVE, Label.POSITIVE)
    write_manifest(tmp_path, Manifest("structbert-base-random", "structbert", labels, 512, {}, files))
    texts = {way: ["很好", "太差了吧"] for way in Way}

    report = write_report(tmp_path, texts, 2, [Row("ratio", "12", "≥ 5", True)])

    assert "- article: modelscope==1.9.5, transformers==4.35.2, flask==2.3.3, gunicorn==21.2.0, torch==2.13.0" in report
    assert "- LitServe: litserve==" in report
    assert "- sentiq: structbert-base-random@" in report
    assert f"- rounds: 2; texts a round, and their mean length in characters: {Way.ARTICLE}: 2, 3;" in report
    assert report.endswith("| ratio | 12 | ≥ 5 | yes |\n")
