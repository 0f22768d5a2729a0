"""A directory appears whole or not at all."""

import os
from pathlib import Path

import pytest

from modelkit.errors import OutputExists
from modelkit.whole_directory import write_directory


def test_the_directory_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "models" / "small"

    with write_directory(target) as draft:
        (draft / "model.onnx").write_text("weights")
        seen_while_writing = target.exists()

    assert not seen_while_writing
    assert [path.name for path in target.iterdir()] == ["model.onnx"]
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "small"

    with pytest.raises(RuntimeError, match="disk full"):
        write_half(target)

    assert list(tmp_path.iterdir()) == []


def test_an_existing_directory_is_kept_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "small"
    target.mkdir()
    (target / "precious").touch()

    with pytest.raises(OutputExists, match="pass --replace"), write_directory(target):
        pass

    assert [path.name for path in target.iterdir()] == ["precious"]


def test_replacing_leaves_only_the_new_files(tmp_path: Path) -> None:
    target = tmp_path / "small"
    target.mkdir()
    (target / "old").touch()

    with write_directory(target, replace=True) as draft:
        (draft / "new").touch()

    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_replacement_keeps_the_old_files(tmp_path: Path) -> None:
    target = tmp_path / "small"
    target.mkdir()
    (target / "old").touch()

    with pytest.raises(RuntimeError), write_directory(target, replace=True):
        raise RuntimeError

    assert [path.name for path in target.iterdir()] == ["old"]


def write_half(target: Path) -> None:
    with write_directory(target) as draft:
        (draft / "model.onnx").write_text("half")
        raise RuntimeError("disk full")


def test_a_stop_between_the_two_renames_brings_the_old_files_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "small"
    target.mkdir()
    (target / "old").touch()
    rename = os.replace

    def stop_after_retiring(source: Path, destination: Path) -> None:
        rename(source, destination)
        if source == target:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop_after_retiring)

    with pytest.raises(KeyboardInterrupt), write_directory(target, replace=True) as draft:
        (draft / "new").touch()

    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]
