"""Which weights of a checkpoint are pruned, as the configuration's section `pruning` says."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from dsi.pruning.layers import KINDS, STACKS, prunable_names


class Selection(NamedTuple):
    """stacks, kinds: whose Linears and which of them; lm_head, embedding: whether those are pruned too."""

    stacks: Sequence[str] = STACKS
    kinds: Sequence[str] = KINDS
    lm_head: bool = False
    embedding: bool = False

    def names(self, weights: Mapping[str, torch.Tensor]) -> list[str]:
        """Names of the weights to prune, sorted.

        Raises:
            PruningError: as `prunable_names`.
        """
        return prunable_names(weights, self.lm_head, self.embedding, stacks=self.stacks, kinds=self.kinds)


def add_selection(parser: ArgumentParser) -> None:
    """The options that say which weights are pruned: the fields of `Selection`."""
    parser.add_argument("--stacks", nargs="+", choices=STACKS, default=STACKS, help="default: all")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="default: all")
    parser.add_argument(
        "--lm-head", action="store_true", help="prune the output head, too, untied from the embedding"
    )
    parser.add_argument("--embedding", action="store_true", help="prune the embedding too")
