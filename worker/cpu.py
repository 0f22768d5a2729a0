"""Knows what the processor can do, so far as it decides how int8 products are added up."""

import platform
from collections.abc import Set
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
X86_MACHINES = {"x86_64", "AMD64", "i386", "i686"}
# Either adds four products of bytes in 32 bits at once. Instructions before them add pairs in 16 bits, which overflow.
VNNI_FLAGS = {"avx512_vnni", "avx_vnni"}


def must_widen(setting: str) -> bool:
    """Whether bytes have to be widened to 16 bits before they are multiplied; `auto` asks the processor."""
    if setting == "auto":
        return lacks_byte_products(platform.machine(), read_cpu_flags())
    return setting == "widened"


def lacks_byte_products(machine: str, flags: Set[str]) -> bool:
    """Whether a processor of this kind with these features would let sums of products of bytes overflow."""
    return machine in X86_MACHINES and not flags & VNNI_FLAGS


def read_cpu_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Return the features that Linux lists for the first core; none where there is no such list."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    listed = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(listed.partition(":")[2].split())
