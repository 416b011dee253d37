"""Rank all documents for the validation and test queries with a checkpoint.

    python scripts rank results/pruned/dsi/seed1/magnitude-0.2 \\
        --queries results/collection/queries.parquet --qrels results/collection/qrels.parquet \\
        --relevance 1 --depth 1000 --expanded 1024 --threads 1 \\
        --run results/runs/pruned/dsi/seed1/magnitude-0.2.trec.gz \\
        --outputs results/runs/pruned/dsi/seed1/magnitude-0.2.outputs.parquet
"""

from pathlib import Path

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.process import prepare_torch
from dsi.collection.relevance import add_relevance
from dsi.model.checkpoint import CheckpointError, load_checkpoint
from dsi.ranking.ranker import rank_and_write


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder of the checkpoint")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text, split")
    parser.add_argument("--qrels", type=Path, required=True, help="parquet: qid, docid, grade")
    add_relevance(parser)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument(
        "--expanded",
        type=int,
        default=1024,
        help="prefixes of docids decoded at a time, which bounds the memory; of no effect on atomic docids",
    )
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    parser.add_argument("--outputs", type=Path, required=True, help="parquet to write: qid, loss")
    arguments = parser.parse_args()

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
        expanded=arguments.expanded,
        run_path=arguments.run,
        outputs_path=arguments.outputs,
    )


if __name__ == "__main__":
    run(main)
