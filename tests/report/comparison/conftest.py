"""A small study's results, worked by hand in tests.report.small_results."""

from pathlib import Path

import pytest

from tests.report.small_results import write_results


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_results(tmp_path / "study")
