"""The name of a killed run's state: another for any other setting, input or code."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from dsi.pruning.gradual import GradualSettings
from dsi.pruning.in_training import PruningInTraining
from dsi.pruning.iterative import IterativeSettings
from dsi.pruning.selection import Selection
from dsi.training.arguments import TrainingArguments
from dsi.training.list_settings import GenerationSettings
from dsi.training.state import state_key
from tests.training.conftest import PHASE

SETTINGS = GenerationSettings("greedy", "k")


def gradual(rate: float, until: float, every: int, **selection: Any) -> PruningInTraining:
    return PruningInTraining("gradual", rate, GradualSettings(until, every), Selection(**selection))


def arguments(folder: Path) -> TrainingArguments:
    (folder / "tokenizer.json").write_text("{}")
    return TrainingArguments(
        phase="E2",
        seed=1,
        threads=1,
        collection=folder,
        tokenizer=folder,
        start=None,
        masks=None,
        moments=None,
        prune=None,
        output=folder / "out",
        run=folder / "run",
        outputs=folder / "outputs",
        state=folder / "state",
        keep=False,
        code="abc",
    )


def test_any_other_setting_input_or_code_has_another_name(tmp_path: Path) -> None:
    given, data = arguments(tmp_path), tmp_path / "data"
    data.write_text("one")
    first = state_key(given, SETTINGS, PHASE, [data])
    assert first == state_key(given, SETTINGS, PHASE, [data])
    assert first == state_key(replace(given, run=Path("elsewhere")), SETTINGS, PHASE, [data])
    others = [
        state_key(replace(given, **change), SETTINGS, PHASE, [data])  # type: ignore[arg-type]
        for change in (
            {"phase": "E1"},
            {"seed": 2},
            {"threads": 2},
            {"code": "abd"},
            {"output": tmp_path / "another"},
            {"masks": data},
            {"prune": gradual(0.8, 0.6, 10)},
            {"prune": gradual(0.8, 0.6, 11)},
            {"prune": gradual(0.7, 0.6, 10)},
            {"prune": gradual(0.8, 0.5, 10)},
            {"prune": PruningInTraining("iterative", 0.8, IterativeSettings(3))},
            {"prune": gradual(0.8, 0.6, 10, stacks=["encoder"])},
            {"prune": gradual(0.8, 0.6, 10, kinds=["attention"])},
            {"prune": gradual(0.8, 0.6, 10, lm_head=True)},
            {"prune": gradual(0.8, 0.6, 10, embedding=True)},
        )
    ]
    others.append(state_key(given, GenerationSettings("greedy", "full"), PHASE, [data]))
    others.append(state_key(given, SETTINGS, PHASE._replace(precision="bf16"), [data]))
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).write_text("one")
    started = replace(given, start=tmp_path)
    others.append(state_key(started, SETTINGS, PHASE, [data]))
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).write_text("two")
        others.append(state_key(started, SETTINGS, PHASE, [data]))
    data.write_text("two")
    others.append(state_key(given, SETTINGS, PHASE, [data]))
    assert len({first, *others}) == len(others) + 1
