"""The options that every pruning command has."""

from argparse import ArgumentParser
from pathlib import Path

from dsi.pruning.registry import CRITERIA, LooksAt
from dsi.pruning.selection import add_selection


def add_pruning(parser: ArgumentParser, *looks_at: LooksAt) -> None:
    """The checkpoint, the criterion (one of those that look at that), rate, seed, selection and output."""
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    criteria = [name for name, criterion in CRITERIA.items() if criterion.looks_at in looks_at]
    parser.add_argument("--criterion", choices=criteria, required=True)
    parser.add_argument("--rate", type=float, required=True, help="fraction of each layer's weights")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    add_selection(parser)
    parser.add_argument("--output", type=Path, required=True, help="folder of the pruned checkpoint")
