"""Everything that is said is in the one table, in both languages, with the same fields."""

import re
import string

import pytest

from sentiq.cli.jobs import COLUMNS
from sentiq.environment import Language, read_language
from sentiq.messages import MESSAGES, tell
from tests.service import ROOT

SOURCES = sorted((ROOT / "client" / "src").rglob("*.py"))
# Where a message is named: say("…"), tell(language, "…"), SomeError("…"), message = "…".
NAMED = re.compile(
    r'(?:say\(|tell\([a-z_.()]+,|message(?:: ClassVar\[str\])? =|__init__\(|\b[A-Z]\w+\()\s*["\']([a-z_.]+)["\']'
)
# Named by what the service says: states and labels.
COMPOSED = {
    "queued", "running", "completed", "cancelled", "expired", "succeeded", "failed", "positive", "negative", "neutral",
}  # fmt: skip


def list_fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


@pytest.mark.parametrize("message", MESSAGES)
def test_both_languages_have_the_same_fields(message: str) -> None:
    chinese, english = MESSAGES[message]

    assert list_fields(chinese) == list_fields(english)
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not re.search(r"[\u4e00-\u9fff]", english)


def test_every_message_that_is_named_exists_and_no_other_does() -> None:
    named = {name for path in SOURCES for name in NAMED.findall(path.read_text(encoding="utf-8"))} - {"sentiq"}
    columns = {f"column.{name}" for name in COLUMNS}
    commands = {
        f"help.{name}" for name in ("analyze", "submit", "jobs", "show", "results", "cancel", "report", "listen")
    }

    assert (named & set(MESSAGES)) | columns | commands | COMPOSED | {"left_results", "left_job"} == set(MESSAGES)
    assert {name for name in named - set(MESSAGES) if "_" in name} <= {"help.{name}"}


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, Language.CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, Language.ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, Language.CHINESE),
        ({"LANG": "de_DE.UTF-8"}, Language.ENGLISH),
    ],
)
def test_the_locale_decides(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: Language) -> None:
    monkeypatch.delenv("LANG", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert read_language() is language


def test_a_message_is_told_with_its_fields() -> None:
    assert tell(Language.CHINESE, "written", path="a.csv") == "结果已写入 a.csv。"
