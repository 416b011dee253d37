"""Prune while the model recovers: E2 from the dense checkpoint, with masks that grow to the rate.

    python scripts train_gradual --task docid --rate 0.8 --until 0.6 --every 10 \\
        --start results/baselines/dsi/seed1/dense \\
        --output results/recovered/dsi/seed1/gradual-0.8 --phase E2 …

The other options are those of scripts train, or of scripts train_lists for the task ranked-list.
Beside the checkpoint lie its masks and its sparsity.
"""

import argparse
import logging
from pathlib import Path

from safetensors.torch import load_file, save_file

from dsi.base.command import UserError, run
from dsi.base.files import replacing, write_json
from dsi.pruning.gradual import CubicSchedule, GradualMasks
from dsi.pruning.layers import EMBEDDING, LM_HEAD, PruningError
from dsi.pruning.sparsity import sparsity
from dsi.training.arguments import add_generated, parsed, training_parser
from dsi.training.loop import Held
from pruning.prune import add_selection, chosen_names
from training import train, train_lists

TASKS = {"docid": train.train_and_rank, "ranked-list": train_lists.train_and_rank}

logger = logging.getLogger(__name__)


def main() -> None:
    arguments = parse_arguments()
    # Which weights there are: an untied head has the embedding's shape, and no other values yet.
    weights = load_file(arguments.start / "model.safetensors")
    if arguments.lm_head:
        weights.setdefault(LM_HEAD, weights[EMBEDDING])
    try:
        names = chosen_names(weights, arguments)
    except PruningError as error:
        raise UserError(str(error)) from error
    kept = {name: weights[name].new_ones(weights[name].shape).bool() for name in names}

    def grow(held: Held, step: int, last: int) -> None:
        schedule = CubicSchedule(0, max(1, round(arguments.until * last)), arguments.rate)
        GradualMasks(held, schedule, arguments.every).update(step)

    masks = TASKS[arguments.task](arguments, kept, grow)
    result = sparsity(load_file(arguments.output / "model.safetensors"), arguments.rate)
    with replacing(arguments.output / "masks.safetensors") as path:
        save_file(masks, path)
    write_json(result._asdict(), arguments.output / "sparsity.json")
    logger.info("zeros: %.4f of Linears, %.4f of all parameters", result.linears, result.model)


def parse_arguments() -> argparse.Namespace:
    parser = training_parser(__doc__)
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--rate", type=float, required=True, help="fraction of each layer's weights")
    parser.add_argument(
        "--until", type=float, required=True, help="fraction of the steps after which it is reached"
    )
    parser.add_argument("--every", type=int, required=True, help="steps between two changes of the masks")
    parser.add_argument("--docids", type=Path, help="parquet: docid, tokens; of the task docid")
    add_generated(parser)
    parser.set_defaults(weights=None)
    add_selection(parser)
    return parsed(parser)


if __name__ == "__main__":
    run(main)
