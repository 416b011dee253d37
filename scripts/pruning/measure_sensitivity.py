"""Prune one sublayer of a dense model at a time, by magnitude and without recovery, and see what it costs.

    python scripts measure_sensitivity results/baselines/dsi/seed1/dense --rates 0.5 0.9 \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --threads 1 --output results/sensitivity/dsi-seed1.csv

Every attention and feed-forward sublayer, the embedding and the output head, which is untied from it. One
process for all, as a pruning is a moment's work. The CSV holds sublayer, rate, weights, split and MAP; of the
dense model the sublayer is empty. For baselines with atomic docids.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.base.process import prepare_torch
from dsi.collection.relevance import add_relevance, relevant_documents
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.model.masks import apply_masks
from dsi.model.scoring import score_queries
from dsi.model.t5 import untie_head
from dsi.pruning.criteria.magnitude import magnitude_importances
from dsi.pruning.layers import prunable_names, sublayers
from dsi.pruning.thresholds import layerwise_masks
from dsi.ranking.scores import measures_of_scores


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the dense checkpoint")
    parser.add_argument("--rates", type=float, nargs="+", required=True)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()

    prepare_torch(arguments.threads)
    try:
        checkpoint = load_checkpoint(arguments.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    untie_head(checkpoint.model)
    queries = pd.read_parquet(arguments.queries)
    relevant = relevant_documents(pd.read_parquet(arguments.qrels), queries, arguments.relevance)
    queries = judged(queries, relevant, checkpoint.docids)
    frame = pd.DataFrame(measured(checkpoint, queries, arguments.rates))
    with replacing(arguments.output) as path:
        frame.to_csv(path, index=False, lineterminator="\n")


def judged(queries: pd.DataFrame, relevant: dict[str, set[str]], docids: list[str]) -> pd.DataFrame:
    """The evaluated queries that have a relevant document: text, split, columns."""
    column = {docid: number for number, docid in enumerate(docids)}
    rows = queries[queries["split"].isin(EVALUATED_SPLITS)]
    found = [
        sorted(column[docid] for docid in relevant.get(qid, ()) if docid in column) for qid in rows["qid"]
    ]
    return rows.assign(columns=pd.Series(found, index=rows.index))[[bool(columns) for columns in found]]


def measured(
    checkpoint: Checkpoint, queries: pd.DataFrame, rates: list[float]
) -> Iterator[dict[str, str | float | int | None]]:
    """A row per sublayer, rate and split, after those of the dense model."""
    parameters = dict(checkpoint.model.named_parameters())
    weights = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    yield from _rows(checkpoint, queries, None, None, 0)
    for sublayer, names in sublayers(prunable_names(weights, lm_head=True, embedding=True)).items():
        chosen = {name: weights[name] for name in names}
        for rate in rates:
            pruned = apply_masks(chosen, layerwise_masks(magnitude_importances(chosen), rate))
            _put(parameters, pruned)
            size = sum(weight.numel() for weight in chosen.values())
            yield from _rows(checkpoint, queries, sublayer, rate, size)
        _put(parameters, chosen)


def _rows(
    checkpoint: Checkpoint, queries: pd.DataFrame, sublayer: str | None, rate: float | None, size: int
) -> Iterator[dict[str, str | float | int | None]]:
    scores = score_queries(checkpoint, list(queries["text"]))
    for split in EVALUATED_SPLITS:
        there = (queries["split"] == split).to_numpy()
        if there.any():
            quality = measures_of_scores(scores[there], list(queries.loc[there, "columns"]))["MAP"]
            yield {"sublayer": sublayer, "rate": rate, "weights": size, "split": split, "MAP": quality}


@torch.no_grad()
def _put(parameters: dict[str, torch.nn.Parameter], weights: dict[str, torch.Tensor]) -> None:
    for name, weight in weights.items():
        parameters[name].copy_(weight)


if __name__ == "__main__":
    run(main)
