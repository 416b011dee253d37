"""Rank all documents for the validation and test queries with a checkpoint.

    python scripts rank results/pruned/dsi/seed1/magnitude-0.2 \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --depth 1000 --prefixes-at-a-time 1024 --threads 1 \\
        --run results/runs/pruned/dsi/seed1/magnitude-0.2.trec.gz \\
        --outputs results/runs/pruned/dsi/seed1/magnitude-0.2.outputs.parquet
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.process import prepare_torch
from dsi.collection.relevance import Relevance, add_relevance
from dsi.model.checkpoint import CheckpointError, load_checkpoint
from dsi.ranking.ranker import rank_and_write


class Arguments(NamedTuple):
    """checkpoint: its folder; depth: documents per query; run, outputs: the files to write."""

    checkpoint: Path
    queries: Path
    qrels: Path
    relevance: Relevance
    depth: int
    prefixes_at_a_time: int
    threads: int
    run: Path
    outputs: Path


def main() -> None:
    arguments = parse_arguments()
    prepare_torch(arguments.threads)
    try:
        checkpoint = load_checkpoint(arguments.checkpoint)
    except CheckpointError as error:
        raise UserError(str(error)) from error
    rank_and_write(
        checkpoint,
        pd.read_parquet(arguments.queries),
        pd.read_parquet(arguments.qrels),
        relevance=arguments.relevance,
        depth=arguments.depth,
        prefixes_at_a_time=arguments.prefixes_at_a_time,
        run_path=arguments.run,
        outputs_path=arguments.outputs,
    )


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument(
        "--prefixes-at-a-time",
        type=int,
        default=1024,
        help="prefixes of docids decoded together, which bounds the memory; of no effect on atomic docids",
    )
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
