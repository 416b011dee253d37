"""The criteria: which file each is in, what it looks at, and which rates it has.

Read by the Snakefile at every start, so it imports the standard library only; `dsi.pruning.apply` imports a
criterion's file when it prunes.

Sources: magnitude, Han et al. 2015; its global threshold and the random control, Blalock et al. 2020
(ShrinkBench); LAMP, Lee et al. 2021; ERK, Evci et al. 2020; Wanda, Sun et al. 2024; SparseGPT, Frantar &
Alistarh 2023, Algorithm 1; Fisher, Theis et al. 2018; 2of4 (2:4 masks), Mishra et al. 2021; removal of units
by norm, Li et al. 2017; gradual, Zhu & Gupta 2018; iterative, Han et al. 2015; movement, Sanh et al. 2020.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

LooksAt = Literal["weights", "inputs", "gradients", "training"]
# Parts of a T5, whose Linears alone a criterion may prune; the decoder's include its cross-attention.
Part = Literal["encoder", "decoder", "cross"]


class Criterion(NamedTuple):
    """By what weights are judged.

    module: its file in dsi/pruning/criteria without .py, None for one that prunes while the model is
    trained. looks_at: what it judges by; "inputs" (of each Linear) and "gradients" take a model and data to
    collect. rates: the only ones that it has, None for any. part: the only one that it prunes, whose weights
    the rate is of; None for all that the study prunes.
    """

    module: str | None
    looks_at: LooksAt = "weights"
    rates: tuple[float, ...] | None = None
    part: Part | None = None


CRITERIA: dict[str, Criterion] = {
    "magnitude": Criterion("magnitude"),
    "magnitude-global": Criterion("magnitude_global"),
    "magnitude-encoder": Criterion("magnitude", part="encoder"),
    "magnitude-decoder": Criterion("magnitude", part="decoder"),
    "magnitude-cross": Criterion("magnitude", part="cross"),
    "lamp": Criterion("lamp"),
    "erk": Criterion("erk"),
    "random": Criterion("random_control"),
    "wanda": Criterion("wanda", "inputs"),
    "sparsegpt": Criterion("sparsegpt", "inputs"),
    "fisher": Criterion("fisher", "gradients"),
    # 2:4 masks. In a name, a colon is no part of a Windows or remote path; in YAML 2:4 is the number 124.
    "2of4": Criterion("two_of_four", rates=(0.5,)),
    "ffn": Criterion("feed_forward_units"),
    "gradual": Criterion(None, "training"),
    "iterative": Criterion(None, "training"),
    "movement": Criterion(None, "training"),
}


def one_shot(criterion: str) -> bool:
    """True if it prunes a trained model at once, so that there is a pruned model without recovery."""
    return CRITERIA[criterion].looks_at != "training"


def calibrated(criterion: str) -> bool:
    """True if it needs a model and data, not only weights."""
    return CRITERIA[criterion].looks_at in ("inputs", "gradients")


def units_left(units: int, rate: float) -> int:
    """How many of a feed-forward layer's units the criterion ffn keeps."""
    return units - round(rate * units)


def rates_of(criterion: str, rates: Sequence[float]) -> list[float]:
    """Those of the rates that a criterion has."""
    own = CRITERIA[criterion].rates
    return [rate for rate in rates if own is None or rate in own]
