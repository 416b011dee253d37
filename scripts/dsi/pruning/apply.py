"""Pruning of named tensors by any criterion that prunes at once.

The criterion's file is imported by name, the only such import of the project: no command depends on the
criteria that it does not use, and a new one makes no pruned model of another stale. The rules add the
digest of the criterion's file to that of the command.
"""

from collections.abc import Sequence
from importlib import import_module

from dsi.model.masks import Tensors
from dsi.pruning.errors import PruningError
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.layers import names_of_part
from dsi.pruning.registry import CRITERIA


def prune(
    weights: Tensors, names: Sequence[str], criterion: str, rate: float, evidence: Evidence | None = None
) -> Pruned:
    """Prune the named weights of a checkpoint; the others are shared, not copied.

    Args:
        names: a criterion that prunes one part takes those of it.
        criterion: a key of CRITERIA that prunes at once.
        rate: fraction to prune, in [0, 1).

    Raises:
        PruningError: the criterion is unknown, the rate is out of range, or they do not fit the weights.
    """
    rows = {name: row for name, row in CRITERIA.items() if row.module is not None}
    if criterion not in rows:
        raise PruningError(f"criteria: found {criterion!r}, expected one of {', '.join(rows)}")
    if not 0 <= rate < 1:
        raise PruningError(f"rates: found {rate}, expected a fraction from 0 to below 1, for example 0.5")
    part = rows[criterion].part
    if part is not None:
        names = names_of_part(names, part)
    module = import_module(f"dsi.pruning.criteria.{rows[criterion].module}")
    pruned: Pruned = module.prune(weights, names, rate, evidence or Evidence())
    return pruned
