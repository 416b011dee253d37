"""Prune a checkpoint by its weights alone, and keep the masks beside them.

    python scripts prune results/baselines/dsi/seed1/dense --criterion magnitude --rate 0.2 \\
        --output results/pruned/dsi/seed1/magnitude-0.2

Needs torch and safetensors only; the other files of the checkpoint are copied. Criteria that look at data
are those of scripts prune_calibrated.
"""

import argparse
import json
import logging
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing_files, write_json
from dsi.model.masks import Tensors
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.layers import EMBEDDING, KINDS, LM_HEAD, STACKS, PruningError, prunable_names
from dsi.pruning.registry import CRITERIA, prune
from dsi.pruning.sparsity import sparsity

COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "docids.parquet",
    "retriever.json",
)

logger = logging.getLogger(__name__)


def main() -> None:
    arguments = pruning_parser(__doc__, "weights").parse_args()
    weights = dense_weights(arguments)
    try:
        names = chosen_names(weights, arguments)
        pruned = prune(weights, names, arguments.criterion, arguments.rate, Evidence(seed=arguments.seed))
    except PruningError as error:
        raise UserError(str(error)) from error
    write_pruned(pruned, weights, arguments)


def pruning_parser(description: str | None, *needs: str) -> argparse.ArgumentParser:
    """The arguments of a pruning command whose criteria need that."""
    parser = command_parser(description)
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    criteria = [name for name, criterion in CRITERIA.items() if criterion.needs in needs]
    parser.add_argument("--criterion", choices=criteria, required=True)
    parser.add_argument("--rate", type=float, required=True, help="fraction of each layer's weights")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    add_selection(parser)
    parser.add_argument("--output", type=Path, required=True, help="folder of the pruned checkpoint")
    return parser


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which weights are pruned."""
    parser.add_argument("--stacks", nargs="+", choices=STACKS, default=STACKS, help="default: all")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="default: all")
    parser.add_argument(
        "--lm-head", action="store_true", help="prune the output head, too, untied from the embedding"
    )
    parser.add_argument("--embedding", action="store_true", help="prune the embedding too")


def dense_weights(arguments: argparse.Namespace) -> Tensors:
    """The checkpoint's weights; a head that is pruned but tied to the embedding gets weights of its own."""
    weights = load_file(arguments.checkpoint / "model.safetensors")
    if arguments.lm_head:
        weights.setdefault(LM_HEAD, weights[EMBEDDING].clone())
    return weights


def chosen_names(weights: Tensors, arguments: argparse.Namespace) -> list[str]:
    """Names of the weights to prune."""
    return prunable_names(
        weights, arguments.lm_head, arguments.embedding, stacks=arguments.stacks, kinds=arguments.kinds
    )


def write_pruned(pruned: Pruned, dense: Tensors, arguments: argparse.Namespace) -> None:
    """Write the checkpoint, its masks and its sparsity; where units are gone, d_ff says so."""
    result = sparsity(pruned.weights, arguments.rate, dense=dense)
    with replacing_files(arguments.output) as folder:
        save_file(pruned.weights, folder / "model.safetensors", metadata={"format": "pt"})
        save_file(pruned.masks, folder / "masks.safetensors")
        write_json(result._asdict(), folder / "sparsity.json")
        for name in COPIED:
            shutil.copyfile(arguments.checkpoint / name, folder / name)
        if pruned.d_ff is not None:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            write_json({**config, "d_ff": pruned.d_ff}, folder / "config.json")
    logger.info(
        "zeros: %.4f of Linears, %.4f of all %d parameters",
        result.linears,
        result.model,
        result.parameters,
    )


if __name__ == "__main__":
    run(main)
