"""Pruning of a checkpoint by its weights alone, as a file each for weights, masks and sparsity."""

from dsi.base.process import prepare_torch
from dsi.pruning.apply import prune
from dsi.pruning.arguments import PruningArguments
from dsi.pruning.evidence import Evidence
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned


def prune_by_weights(arguments: PruningArguments) -> None:
    """Prune, and write the pruned checkpoint; then torch has the threads that ranking takes.

    Weights are pruned on one thread, so that no number of threads changes a mask.

    Raises:
        PruningError: the criterion does not fit the weights or the rate.
    """
    prepare_torch(threads=1)
    weights = dense_weights(arguments.checkpoint, arguments.selection)
    names = arguments.selection.names(weights)
    evidence = Evidence(seed=arguments.seed)
    pruned = prune(weights, names, arguments.criterion, arguments.rate, evidence)
    write_pruned(pruned, weights, arguments.rate, arguments.checkpoint, arguments.output)
    prepare_torch(arguments.threads)
