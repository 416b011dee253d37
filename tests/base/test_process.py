"""A process that computes with torch has fixed threads and deterministic algorithms."""

import os
from collections.abc import Iterator

import pytest
import torch

from dsi.base.process import prepare_torch


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)


def test_threads_and_algorithms_are_fixed() -> None:
    prepare_torch(1)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled() == torch.cuda.is_available()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
