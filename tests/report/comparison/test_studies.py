"""In what two studies differ: keys of their configurations, and how they were evaluated."""

import json
import shutil
from pathlib import Path
from typing import Any

from dsi.report.comparison.sides import Side, pair_up, read_side
from dsi.report.comparison.studies import Difference, Studies, studies

CONFIGURATION: dict[str, Any] = {
    "collection": "toy",
    "collections": {"toy": {"kind": "pydocs"}, "unused": {"kind": "files"}},
    "run": ["dsi"],
    "baselines": {"dsi": {"task": "docid", "training": {"epochs": 4}}, "unused": {"task": "docid"}},
    "models": {"t5": {"hub": "t5-small"}},
    "results": "results",
    "rates": [0.5],
}


def compared(a: Path, b: Path) -> Studies:
    sides: list[Side] = [read_side(str(path)) for path in (a, b)]
    return studies(*sides, pair_up(*sides).pairs)


def test_only_what_is_used_and_differs_is_named(study: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(study, other)
    assert compared(study, other) == Studies(
        [], [str(folder / "configuration.json") for folder in (study, other)]
    )
    changed = json.loads(json.dumps(CONFIGURATION))
    changed["baselines"]["dsi"]["training"]["epochs"] = 8
    changed["baselines"]["unused"]["task"] = "other"
    changed["models"] = {}
    changed |= {"results": "elsewhere", "recovery": {"epochs": 2}}
    (study / "configuration.json").write_text(json.dumps(CONFIGURATION))
    (other / "configuration.json").write_text(json.dumps(changed))
    metrics = other / "metrics/bm25.json"
    text = metrics.read_text().replace('"agreement_k": 2', '"agreement_k": 3').replace("0.4.3", "0.5.0")
    metrics.write_text(text)
    assert compared(study, other) == Studies(
        [
            Difference("configuration", "baselines.dsi.training.epochs", "4", "8"),
            Difference("configuration", "recovery.epochs", "–", "2"),
            Difference("evaluation", "parameters.agreement_k", "2", "3"),
            Difference("evaluation", "versions.ir-measures", '"0.4.3"', '"0.5.0"'),
        ],
        [],
    )


def test_of_one_study_nothing_differs(study: Path) -> None:
    assert compared(study, study) == Studies([], [])
