"""Prune a checkpoint by what data says of its weights: wanda, sparsegpt and fisher.

    python scripts prune_calibrated results/baselines/dsi/seed1/dense --criterion wanda --rate 0.5 \\
        --seed 1 --threads 1 --settings @settings.json --collection results/collection \\
        --output results/pruned/dsi/seed1/wanda-0.5

The data are the first texts of the epoch that the recovery begins with: pseudo-queries of the documents and
training queries, mixed as in training. --settings is JSON as that of `train`, with the key
calibration: {queries: how many}. For baselines of task docid with atomic docids.
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.process import prepare_torch
from dsi.model.checkpoint import CheckpointError, load_checkpoint
from dsi.model.t5 import untie_head
from dsi.pruning.arguments import add_pruning
from dsi.pruning.errors import PruningError
from dsi.pruning.pruned_checkpoint import dense_weights, write_pruned
from dsi.pruning.selection import Selection
from dsi.training.calibration_texts import CalibrationTexts, prune_by_texts
from dsi.training.docid_data import DocidFiles, add_generated
from dsi.training.docid_settings import docid_settings
from dsi.training.settings import SettingsError


class Options(NamedTuple):
    """What to prune, how far, by which texts, and where to."""

    checkpoint: Path
    criterion: str
    rate: float
    selection: Selection
    texts: CalibrationTexts
    threads: int
    output: Path


def main() -> None:
    options = parse_options()
    prepare_torch(options.threads)
    weights = dense_weights(options.checkpoint, options.selection)
    try:
        names = options.selection.names(weights)
        checkpoint = load_checkpoint(options.checkpoint)
        if options.selection.lm_head:
            untie_head(checkpoint.model)
        pruned = prune_by_texts(checkpoint, weights, names, options.criterion, options.rate, options.texts)
    except (CheckpointError, PruningError, SettingsError) as error:
        raise UserError(str(error)) from error
    write_pruned(pruned, weights, options.rate, options.checkpoint, options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    add_pruning(parser, "inputs", "gradients")
    parser.add_argument("--settings", type=docid_settings, required=True, help="JSON, or @FILE")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_generated(parser)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    found = parser.parse_args()
    return Options(
        found.checkpoint,
        found.criterion,
        found.rate,
        Selection(found.stacks, found.kinds, found.lm_head, found.embedding),
        CalibrationTexts(
            DocidFiles(found.collection, found.generated, found.generated_words), found.settings, found.seed
        ),
        found.threads,
        found.output,
    )


if __name__ == "__main__":
    run(main)
