"""Prune a checkpoint by what data says of its weights: wanda, sparsegpt and movement.

    python scripts prune_calibrated results/baselines/dsi/seed1/dense --criterion wanda --rate 0.5 \\
        --seed 1 --threads 1 --settings @settings.json --collection results/collection \\
        --output results/pruned/dsi/seed1/wanda-0.5

The data are the first texts of the epoch that the recovery begins with: pseudo-queries of the documents and
training queries, mixed as in training. --settings is JSON as that of scripts train, with the key
calibration: {queries: how many}; recovery is used by movement only. For baselines of task docid with
atomic docids.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from dsi.base.command import UserError, json_object, run
from dsi.base.process import prepare_torch
from dsi.collection.relevance import relevant_documents
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.model.masks import Tensors
from dsi.model.t5 import untie_head
from dsi.pruning.calibration import docid_batch, movement_scores, prune_calibrated
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.layers import PruningError
from dsi.pruning.registry import CRITERIA, prune
from dsi.training.arguments import add_generated
from dsi.training.objectives.docid import Batch, DocidObjective
from dsi.training.optimisation import make_optimiser
from dsi.training.phase import describe_phase
from pruning.prune import chosen_names, dense_weights, pruning_parser, write_pruned
from training.train import objective


def main() -> None:
    arguments = parse_arguments()
    prepare_torch(arguments.threads)
    weights = dense_weights(arguments)
    try:
        names = chosen_names(weights, arguments)
        checkpoint = load_checkpoint(arguments.checkpoint)
        if arguments.lm_head:
            untie_head(checkpoint.model)
        pruned = prune_by_data(checkpoint, weights, names, arguments)
    except (CheckpointError, PruningError) as error:
        raise UserError(str(error)) from error
    write_pruned(pruned, weights, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = pruning_parser(__doc__, "inputs", "gradients")
    parser.add_argument("--settings", type=json_object, required=True, help="JSON, or @FILE")
    parser.add_argument("--collection", type=Path, required=True, help="folder of the parquet files")
    add_generated(parser)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    return parser.parse_args()


def prune_by_data(
    checkpoint: Checkpoint, weights: Tensors, names: list[str], arguments: argparse.Namespace
) -> Pruned:
    """Collect what the criterion needs from as many texts as are configured, and prune."""
    settings, model = arguments.settings, checkpoint.model
    queries = pd.read_parquet(arguments.collection / "queries.parquet")
    qrels = pd.read_parquet(arguments.collection / "qrels.parquet")
    documents = pd.read_parquet(arguments.collection / "documents.parquet")
    relevant = relevant_documents(qrels, queries, settings["relevance"])
    task = objective(arguments, checkpoint, documents, queries, relevant)
    first_epoch = settings["training"]["epochs"] + 1
    batches = calibration_batches(task, first_epoch, settings["calibration"]["queries"])
    if CRITERIA[arguments.criterion].needs == "inputs":
        inputs = [docid_batch(model, batch.input_ids, batch.attention_mask) for batch in batches]
        return prune_calibrated(model, weights, names, arguments.criterion, arguments.rate, inputs)
    phase = describe_phase("E2", settings, arguments.seed)
    optimiser = make_optimiser(model, phase.optimisation, phase.learning_rate)
    torch.manual_seed(arguments.seed)  # of dropout
    losses = (task.loss(model.train(), batch) for batch in batches)
    evidence = Evidence(movement=movement_scores(model, names, losses, optimiser))
    return prune(weights, names, arguments.criterion, arguments.rate, evidence)


def calibration_batches(task: DocidObjective, epoch: int, texts: int) -> Iterator[Batch]:
    """The batches of an epoch until they hold so many texts."""
    seen = 0
    for batch in task.batches(epoch):
        if seen >= texts:
            return
        yield batch
        seen += len(batch.input_ids)


if __name__ == "__main__":
    run(main)
