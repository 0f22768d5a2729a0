"""The reliability diagram is a PNG, drawn without a screen and without a word of matplotlib until it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelkit.figures import CalibrationBin
from modelkit.plot import draw_reliability
from tests.service import ROOT


@pytest.mark.parametrize(
    "bins", [[CalibrationBin(9, 0.97, 1.0)], [CalibrationBin(5, 0.6, 0.5), CalibrationBin(80, 0.9, 0.95)]]
)
def test_a_diagram_is_a_png_of_some_size(tmp_path: Path, bins: list[CalibrationBin]) -> None:
    draw_reliability(bins, tmp_path / "plot")

    content = (tmp_path / "plot").read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    assert min(width, height) > 500


def test_matplotlib_is_loaded_only_for_a_plot() -> None:
    code = "import sys, modelkit.plot; print('matplotlib' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)

    assert loaded.stdout == "False\n"
