"""An audit is clean only if every package was looked up."""

from typing import Any

import pytest

from tests.hostile.audit import ADVISED, CLEAN, UNKNOWN, Findings, read_findings, report

GOOD = {"name": "good", "version": "1", "vulns": []}
FOUND = [{"id": "CVE-1", "fix_versions": ["2"]}, {"id": "CVE-2", "fix_versions": []}]
BAD = {"name": "bad", "version": "1", "vulns": FOUND}
SKIPPED = {"name": "private", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("dependencies", "code"),
    [([GOOD], CLEAN), ([GOOD, BAD], ADVISED), ([BAD, SKIPPED], ADVISED), ([GOOD, SKIPPED], UNKNOWN), ([], UNKNOWN)],
)
def test_what_an_audit_comes_to(dependencies: list[dict[str, Any]], code: int) -> None:
    assert report("a lock", read_findings(dependencies)) == code


def test_advisories_name_package_and_fix(capsys: pytest.CaptureFixture[str]) -> None:
    report("a lock", read_findings([BAD]))

    printed = capsys.readouterr().out
    assert "bad 1: CVE-1, fixed in 2" in printed
    assert "bad 1: CVE-2, fixed in no release" in printed


def test_a_service_that_cannot_be_reached_is_not_taken_for_a_clean_bill(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("a lock", Findings(unknown=["ConnectionError"])) == UNKNOWN
    assert "Cannot be told" in capsys.readouterr().out
