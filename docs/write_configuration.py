"""Write schemas/config.schema.json and docs/configuration.md from the models of the configuration."""

import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from plan.config.outline import schema  # noqa: E402
from plan.config.reference import reference  # noqa: E402


def generated() -> dict[Path, str]:
    """The text of each generated file."""
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return {
        ROOT / "schemas/config.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        ROOT / "docs/configuration.md": reference(default),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
