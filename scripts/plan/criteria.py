"""What the workflow has to know of each criterion before anything is pruned.

The criteria themselves are in dsi.pruning.registry and dsi.pruning.gradual, which import torch; this module is read at
every start. Does not know Snakemake.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple


class Facts(NamedTuple):
    """Of a criterion.

    needs: what it looks at, as in dsi.pruning.registry; "training" if it prunes while the model is trained and
    so has no pruned model before recovery. rates: the only ones that it has, None for any.
    """

    needs: Literal["weights", "inputs", "gradients", "training"] = "weights"
    rates: tuple[float, ...] | None = None


CRITERIA = {
    "magnitude": Facts(),
    "magnitude-global": Facts(),
    "random": Facts(),
    "wanda": Facts("inputs"),
    "sparsegpt": Facts("inputs"),
    "movement": Facts("gradients"),
    # 2:4 masks. In a name, a colon is no part of a Windows or remote path; in YAML 2:4 is the number 124.
    "2of4": Facts(rates=(0.5,)),
    "ffn": Facts(),
    "gradual": Facts("training"),
}


def one_shot(criterion: str) -> bool:
    """True if it prunes a trained model at once, so that there is a pruned model without recovery."""
    return CRITERIA[criterion].needs != "training"


def calibrated(criterion: str) -> bool:
    """True if it needs a model and data, not only weights."""
    return CRITERIA[criterion].needs in ("inputs", "gradients")


def rates_of(criterion: str, rates: Sequence[float]) -> list[float]:
    """Those of the rates that a criterion has."""
    own = CRITERIA[criterion].rates
    return [rate for rate in rates if own is None or rate in own]
