"""Measure the MAP of checkpoints whose weights were rounded to float16, on the validation and test queries.

    python scripts measure_rounded results/baselines/dsi/seed1/dense \\
        --files results/compressed/baselines/dsi/seed1/dense.small.dsz \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --depth 1000 --threads 1 --output results/rounded/dsi-seed1.csv

Several checkpoints may be given, with as many files of scripts compress in the same order. A file's values
replace those of its checkpoint; documents are ranked and lists evaluated as scripts rank and
scripts evaluate do it. One process for all, as starting one takes longer than a ranking. The CSV holds
checkpoint (its folder's name), split and MAP. For baselines with atomic docids.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import replacing
from dsi.base.process import prepare_torch
from dsi.collection.relevance import Relevance, add_relevance, lowest_grade
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.efficiency.compressed_files import CompressionError, load_compressed
from dsi.evaluation.measures import as_judgements, as_rankings, qrels_measures
from dsi.model.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from dsi.model.scoring import score_queries
from dsi.ranking.scores import rank_scores

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="folders of checkpoints")
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="their weights (.dsz)")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    arguments = parser.parse_args()
    if len(arguments.files) != len(arguments.checkpoints):
        raise UserError(
            f"--files: found {len(arguments.files)} files for {len(arguments.checkpoints)} checkpoints, "
            "expected one each, for example dense.small.dsz for the folder dense"
        )

    prepare_torch(arguments.threads)
    queries = pd.read_parquet(arguments.queries)
    qrels = pd.read_parquet(arguments.qrels)
    rows = []
    for folder, file in zip(arguments.checkpoints, arguments.files, strict=True):
        try:
            checkpoint = with_weights(folder, file)
        except (CheckpointError, CompressionError) as error:
            raise UserError(str(error)) from error
        for split, value in quality(checkpoint, queries, qrels, arguments.relevance, arguments.depth):
            rows.append({"checkpoint": folder.name, "split": split, "MAP": value})
            logger.info("%s, %s: MAP %.4f", folder.name, split, value)
    with replacing(arguments.output) as path:
        pd.DataFrame(rows, columns=["checkpoint", "split", "MAP"]).to_csv(
            path, index=False, lineterminator="\n"
        )


def with_weights(folder: Path, file: Path) -> Checkpoint:
    """The checkpoint of a folder with the weights of a compressed file instead of its own.

    Raises:
        CheckpointError: one of the two is of another model.
        CompressionError: the file is damaged.
    """
    checkpoint = load_checkpoint(folder)
    parameters = dict(checkpoint.model.named_parameters())
    weights = load_compressed(file)
    for name in sorted(parameters.keys() | weights.keys()):
        found, expected = (
            tuple(tensors[name].shape) if name in tensors else "none" for tensors in (weights, parameters)
        )
        if found != expected:
            raise CheckpointError(
                f"{file}: found {name} of shape {found}, expected {expected} as in {folder}; give each "
                "checkpoint's own file"
            )
    with torch.no_grad():
        for name, weight in weights.items():
            parameters[name].copy_(weight)
    return checkpoint


def quality(
    checkpoint: Checkpoint, queries: pd.DataFrame, qrels: pd.DataFrame, relevance: Relevance, depth: int
) -> Iterator[tuple[str, float]]:
    """Each evaluated split that has judged queries, and its MAP."""
    for split in EVALUATED_SPLITS:
        rows = queries[queries["split"] == split]
        judgements = as_judgements(qrels[qrels["qid"].isin(rows["qid"])])
        threshold = lowest_grade(relevance, split)
        if not any(max(grades.values()) >= threshold for grades in judgements.values()):
            continue
        scores = score_queries(checkpoint, list(rows["text"]))
        rankings = as_rankings(rank_scores(scores, list(rows["qid"]), checkpoint.docids, depth))
        values = qrels_measures(rankings, judgements, threshold)
        yield split, float(values.loc[values["measure"] == "MAP", "value"].mean())


if __name__ == "__main__":
    run(main)
