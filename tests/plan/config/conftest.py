"""Shared by the tests of the configuration: the default study, and overlays on it."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from plan.config.checked import ConfigurationError, checked_study

ROOT = Path(__file__).resolve().parents[3]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
# The line of a file that may be a corpus, topics or judgements.
ANY_LINE = "1\t0 d1 1\n"
SEMANTIC = {"scheme": "semantic", "branching": 10, "leaf_size": 100, "embeddings": "lsa", "seed": 42}


def merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Snakemake's way: mappings are merged, everything else replaced."""
    result = dict(copy.deepcopy(base))
    for key, value in overlay.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def refused(overlay: Mapping[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as error:
        checked_study(merged(DEFAULT, overlay))
    return str(error.value)
