"""Prune a checkpoint by its weights alone, and keep the masks beside them.

    python scripts prune results/baselines/dsi/seed1/dense --criterion magnitude --rate 0.2 \\
        --output results/pruned/dsi/seed1/magnitude-0.2

Needs torch and safetensors only; the other files of the checkpoint are copied. Criteria that look at data
are those of `prune_calibrated`.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.pruning.apply import prune
from dsi.pruning.arguments import add_pruning
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.pruning.selection import Selection


class Options(NamedTuple):
    """What to prune, how far and where to."""

    checkpoint: Path
    criterion: str
    rate: float
    seed: int
    selection: Selection
    output: Path


def main() -> None:
    options = parse_options()
    weights = dense_weights(options.checkpoint, options.selection)
    try:
        names = options.selection.names(weights)
        pruned = prune(weights, names, options.criterion, options.rate, Evidence(seed=options.seed))
    except PruningError as error:
        raise UserError(str(error)) from error
    write_pruned(pruned, weights, options.rate, options.checkpoint, options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    add_pruning(parser, "weights")
    found = parser.parse_args()
    return Options(
        found.checkpoint,
        found.criterion,
        found.rate,
        found.seed,
        Selection(found.stacks, found.kinds, found.lm_head, found.embedding),
        found.output,
    )


if __name__ == "__main__":
    run(main)
