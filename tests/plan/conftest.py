"""Shared by the tests of the plan: studies of this project, with overlays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from plan.config.checked import checked_study
from plan.config.study import Study
from tests.plan.config.conftest import DEFAULT, merged

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
LISTS = "smoke-lists"  # a baseline of task ranked-list of studies/smoke.yaml


@pytest.fixture(scope="session")
def study_of() -> Callable[..., Study]:
    """The study of some overlays: `study_of("smoke", rates=[0.2])` is studies/smoke.yaml at one rate."""

    def build(*names: str, **values: Any) -> Study:
        raw = DEFAULT
        for name in names:
            raw = merged(raw, yaml.safe_load((ROOT / f"studies/{name}.yaml").read_text(encoding="utf-8")))
        return checked_study(merged(raw, values))

    return build
