"""Environments are kept, and their locks hold what is to be compared with."""

from pathlib import Path

import pytest

from bench.baselines.environments import BASELINES, TORCH_LOCK, prepare_environment


def test_an_environment_with_its_lock_installed_is_left_alone(tmp_path: Path) -> None:
    environment = tmp_path / "article-env"
    environment.mkdir()
    record = environment / "installed-lock.txt"
    record.write_text(TORCH_LOCK.read_text() + (BASELINES / "article" / "requirements.txt").read_text())

    python = prepare_environment(tmp_path, "article", with_torch=True)

    assert python == environment / "bin" / "python"
    assert list(environment.iterdir()) == [record]


@pytest.mark.parametrize("pin", ["modelscope==1.9.5", "transformers==4.35.2", "flask==2.3.3", "gunicorn==21.2.0"])
def test_the_article_is_measured_with_its_own_versions(pin: str) -> None:
    assert f"\n{pin} " in (BASELINES / "article" / "requirements.txt").read_text()


@pytest.mark.parametrize("name", ["article", "litserve"])
def test_no_lock_brings_a_torch_of_its_own(name: str) -> None:
    assert "\ntorch==" not in (BASELINES / name / "requirements.txt").read_text()
