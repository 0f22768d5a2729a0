"""`.env.example` and the settings say the same."""

import re
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.service import ROOT

LINE = re.compile(r"^# (SENTIQ_[A-Z_]+)=(.*)$")
# Their defaults differ from machine to machine.
OF_THE_MACHINE = {"workers"}


def read_documented() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = [match for line in lines if (match := LINE.match(line))]
    return {match[1].removeprefix("SENTIQ_").lower(): match[2] for match in found}


def test_every_setting_is_documented_once_and_no_other_is() -> None:
    names = re.findall(r"SENTIQ_[A-Z_]+(?==)", (ROOT / ".env.example").read_text(encoding="utf-8"))

    assert sorted(names) == sorted(f"SENTIQ_{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - OF_THE_MACHINE))
def test_the_documented_default_is_the_default(name: str) -> None:
    written = read_documented()[name]

    default = Settings.model_fields[name].default
    if written == "":
        assert default in (None, ())
    else:
        assert getattr(Settings.model_validate({name: written}), name) == default


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained_in_chinese_and_english(name: str) -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(f"# SENTIQ_{name.upper()}="))

    chinese, _, english = lines[place - 1].partition(" / ")

    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert re.search(r"[A-Za-z]{3}", english)


def test_the_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    settings = Settings(_env_file=ROOT / ".env.example")

    assert settings == Settings()
