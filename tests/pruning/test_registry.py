"""The registry: every criterion has its file, and the Snakefile can read it without torch."""

import subprocess
import sys
from importlib import import_module

from dsi.pruning.registry import CRITERIA, calibrated, one_shot, rates_of
from tests.conftest import SCRIPTS


def test_every_file_of_a_criterion_is_in_the_registry() -> None:
    files = {path.stem for path in (SCRIPTS / "dsi/pruning/criteria").glob("*.py")} - {"__init__"}
    assert {row.module for row in CRITERIA.values()} - {None} == files
    for module in files:
        assert callable(import_module(f"dsi.pruning.criteria.{module}").prune)


def test_what_criteria_look_at() -> None:
    assert [name for name in CRITERIA if calibrated(name)] == ["wanda", "sparsegpt", "fisher"]
    in_training = ["gradual", "iterative", "movement"]
    assert [name for name in CRITERIA if not one_shot(name)] == in_training
    assert [name for name, row in CRITERIA.items() if row.module is None] == in_training


def test_rates() -> None:
    assert rates_of("2of4", [0.2, 0.5, 0.8]) == [0.5]
    assert rates_of("ffn", [0.2, 0.5, 0.8]) == [0.2, 0.5, 0.8]


def test_reading_it_loads_no_torch() -> None:
    code = "import sys; import dsi.pruning.registry; print('torch' in sys.modules, 'numpy' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=True, cwd=SCRIPTS
    )
    assert ended.stdout.split() == ["False", "False"]
