"""`python -m tests.hostile.audit`: ask the advisory service about every package of both locks.

pip-audit alone would exit with 0 when the service knows none of the packages, or answers nothing. Here the exit code is
0 only if every package was looked up and has no advisory, 1 if some has, and 3 if it cannot be told.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.service import ROOT

LOCKS = ("requirements/serve.txt", "requirements/dev.txt", "requirements/client.txt")
CLEAN, ADVISED, UNKNOWN = 0, 1, 3
SECONDS = 600


@dataclass(slots=True)
class Findings:
    """What the service knows about the packages of one lock."""

    looked_up: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    advisories: list[str] = field(default_factory=list)  # one line each


def main() -> int:
    """Audit both locks and say what was found."""
    codes = [report(lock, audit(lock)) for lock in LOCKS]
    return ADVISED if ADVISED in codes else max(codes)


def audit(lock: str) -> Findings:
    """Return what the service says; all is unknown if it cannot be reached."""
    finished = subprocess.run(
        [
            sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off",
            "--format=json", f"--requirement={lock}",
        ],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=SECONDS,
    )  # fmt: skip
    try:
        return read_findings(json.loads(finished.stdout)["dependencies"])
    except ValueError:
        return Findings(unknown=[(finished.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]])


def read_findings(dependencies: Sequence[dict[str, Any]]) -> Findings:
    """Sort pip-audit's dependencies into what is known and what is not."""
    findings = Findings()
    for one in dependencies:
        if "skip_reason" in one:
            findings.unknown.append(one["name"])
            continue
        findings.looked_up.append(one["name"])
        findings.advisories += [
            f"{one['name']} {one['version']}: {found['id']}, "
            f"fixed in {', '.join(found['fix_versions']) or 'no release'}"
            for found in one["vulns"]
        ]
    return findings


def report(lock: str, findings: Findings) -> int:
    """Print what was found in one lock and return the exit code that it stands for."""
    print(f"{lock}: {len(findings.looked_up)} packages looked up, {len(findings.advisories)} advisories")
    for line in findings.advisories:
        print(f"  {line}")
    if findings.advisories:
        return ADVISED
    if findings.unknown or not findings.looked_up:
        shown = ", ".join(findings.unknown[:5])
        print(
            f"  无法判断：漏洞库没有回答 {len(findings.unknown)} 项；请在能访问漏洞库的网络里再运行 make audit\n"
            f"  Cannot be told: the advisory service had no answer for {len(findings.unknown)} ({shown} …). "
            "Run `make audit` again where the public package index and its advisories can be reached."
        )
        return UNKNOWN
    return CLEAN


if __name__ == "__main__":
    sys.exit(main())
