"""Write schemas/config.schema.json and docs/configuration.md from the models of the configuration."""

import json
import sys
from pathlib import Path

import yaml
from generated_pages import ROOT, write_pages

sys.path.insert(0, str(ROOT / "scripts"))

from plan.config.outline import schema
from plan.config.reference import reference


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return {
        ROOT / "schemas/config.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        ROOT / "docs/configuration.md": reference(default),
    }


if __name__ == "__main__":
    write_pages(generated())
