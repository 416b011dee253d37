"""What a training of the task `ranked-list` is set to: the JSON that --settings gives, as records."""

from dataclasses import dataclass
from typing import Literal

from dsi.base.command import json_object
from dsi.base.records import read_sections
from dsi.model.t5 import Shape
from dsi.training.settings import RecoverySettings, TrainingSettings


@dataclass(frozen=True)
class GenerationSettings:
    """Section `generation`: any text (greedy) or existing docids only; to how many docids (K, or all)."""

    method: Literal["greedy", "constrained"]
    length: Literal["k", "full"]


@dataclass(frozen=True)
class ListTrainingSettings:
    """All of them. What a phase does not use may be None.

    k: docids in a target. count_padding: whether padding counts in the loss. track_test: measure test
    queries after every epoch, too. depth: of the ranking. architecture: of a random start, None where the
    weights are pre-trained. untie: whether E2 gives the output head weights of its own. docid_names: what
    documents are called in lists.
    """

    k: int
    training: TrainingSettings
    count_padding: bool
    track_test: bool
    generation: GenerationSettings
    depth: int
    architecture: Shape | None = None
    recovery: RecoverySettings | None = None
    untie: bool = False
    docid_names: Literal["own", "numbers"] = "own"


def list_settings(text: str) -> ListTrainingSettings:
    """An argparse type: JSON, or @FILE.

    Raises:
        ArgumentTypeError: it is not JSON, or lacks a key.
    """
    sections = {
        "training": TrainingSettings,
        "generation": GenerationSettings,
        "architecture": Shape,
        "recovery": RecoverySettings,
    }
    return read_sections(ListTrainingSettings, json_object(text), "settings", sections)
