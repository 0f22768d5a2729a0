"""A state folder of the test's own."""

from pathlib import Path

import pytest

from embedded.state_folder import StateFolder


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """Return a created folder, with a space, a percent sign and Chinese in its name, as people have them."""
    folder = StateFolder(tmp_path / "状态 100%")
    folder.create()
    return folder
