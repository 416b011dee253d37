"""Write docs/examples: settings for the examples that `--help` of a command shows.

.venv/bin/python docs/write_reference.py
"""

import json
import sys
from pathlib import Path

import yaml
from generated_pages import ROOT, write_pages

sys.path.insert(0, str(ROOT / "scripts"))

from plan import settings
from plan.config.checked import checked_study
from plan.config.study import Study

# The baselines of config.yaml, one a task, by the names of the files.
EXAMPLES = {"docid": "dsi", "ranked-list": "study"}


def default_study() -> Study:
    """The study of config.yaml."""
    return checked_study(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))


def example_settings(study: Study, baseline: str) -> str:
    """What `train` and `prune_calibrated` are told of a baseline, but for one epoch, to be tried by hand."""
    told = json.loads(settings.of_e2(study, baseline))
    told["training"]["epochs"] = told["recovery"]["epochs"] = 1
    told["calibration"] = study.pruning.calibration.as_dict()
    return json.dumps(told, indent=2, sort_keys=True) + "\n"


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    study = default_study()
    return {
        ROOT / f"docs/examples/{name}.json": example_settings(study, baseline)
        for name, baseline in EXAMPLES.items()
    }


if __name__ == "__main__":
    write_pages(generated())
