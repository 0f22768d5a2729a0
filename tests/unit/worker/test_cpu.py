"""Bytes are multiplied by the fast kernels only where these are exact."""

from pathlib import Path

import pytest

from worker.classifiers import Arithmetic
from worker.classifiers.onnx import choose_arithmetic
from worker.cpu import lacks_byte_products, must_widen, read_cpu_flags


@pytest.mark.parametrize(
    ("machine", "flags", "lacks"),
    [
        ("x86_64", {"avx2", "avx512f", "avx512_vnni"}, False),
        ("x86_64", {"avx2", "avx_vnni"}, False),
        ("AMD64", {"avx2", "avx512f"}, True),
        ("x86_64", set(), True),  # unknown: the exact way
        ("aarch64", {"asimddp"}, False),
        ("arm64", set(), False),
    ],
)
def test_only_an_x86_without_vnni_has_to_widen(machine: str, flags: set[str], lacks: bool) -> None:
    assert lacks_byte_products(machine, flags) is lacks


@pytest.mark.parametrize(("setting", "widens"), [("fast", False), ("widened", True)])
def test_the_setting_overrules_the_processor(setting: str, widens: bool) -> None:
    assert must_widen(setting) is widens


def test_the_first_core_s_flags_are_read(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: X\nflags\t\t: fpu avx2 avx512_vnni\n\nflags\t\t: fpu\n", encoding="utf-8")

    assert read_cpu_flags(cpuinfo) == {"fpu", "avx2", "avx512_vnni"}


def test_a_machine_without_such_a_list_has_no_known_flags(tmp_path: Path) -> None:
    assert read_cpu_flags(tmp_path / "none") == frozenset()


@pytest.mark.parametrize(
    ("precision", "kernel", "arithmetic"),
    [
        ("fp32", "fast", Arithmetic.FP32),
        ("fp32", "widened", Arithmetic.FP32),
        ("int8", "fast", Arithmetic.INT8),
        ("int8", "widened", Arithmetic.INT8_WIDENED),
    ],
)
def test_the_arithmetic_follows_model_and_kernel(precision: str, kernel: str, arithmetic: Arithmetic) -> None:
    assert choose_arithmetic(precision, kernel) is arithmetic
