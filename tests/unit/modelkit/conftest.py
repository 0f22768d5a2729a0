"""Torch on one thread: the networks here are tiny, and threads that wait for each other would cost most of the time."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)
