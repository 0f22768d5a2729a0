"""A bar moves on a terminal, and nothing is written anywhere else."""

import sys

import pytest

from modelkit.progress import keep_silent, show_progress


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("scoring") as progress:
        progress(1, 2)

    assert progress is keep_silent
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_a_bar_on_stderr(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    with show_progress("scoring") as progress:
        progress(1, 2)
        progress(2, 2)

    assert progress is not keep_silent
    assert capsys.readouterr().out == ""
