"""Write a reference ranking as a TREC run: BM25's lists, or the documents in random order.

    python scripts rank_reference bm25 --queries results/collection/queries.parquet \\
        --topk results/collection/topk.parquet --run results/runs/bm25.trec.gz
    python scripts rank_reference random --queries results/collection/queries.parquet \\
        --documents results/collection/documents.parquet --depth 1000 --seed 42 \\
        --run results/runs/random.trec.gz
"""

from pathlib import Path

import numpy as np
import pandas as pd

from dsi.base.command import command_parser, run
from dsi.base.files import replacing
from dsi.collection.splits import EVALUATED_SPLITS
from dsi.evaluation.runs import random_run, write_run


def main() -> None:
    parser = command_parser(__doc__)
    systems = parser.add_subparsers(dest="system", required=True)
    bm25 = systems.add_parser("bm25", help="BM25's own ranked lists")
    bm25.add_argument("--topk", type=Path, required=True, help="parquet: qid, rank, docid, score")
    shuffled = systems.add_parser("random", help="a random permutation for each query")
    shuffled.add_argument("--documents", type=Path, required=True, help="parquet: docid")
    shuffled.add_argument("--depth", type=int, required=True, help="documents per query")
    shuffled.add_argument("--seed", type=int, required=True)
    for system in (bm25, shuffled):
        system.add_argument("--queries", type=Path, required=True, help="parquet: qid, split")
        system.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    arguments = parser.parse_args()

    queries = pd.read_parquet(arguments.queries)
    qids = list(queries.loc[queries["split"].isin(EVALUATED_SPLITS), "qid"])
    if arguments.system == "bm25":
        topk = pd.read_parquet(arguments.topk)
        ranking = topk[topk["qid"].isin(qids)]
    else:
        docids = list(pd.read_parquet(arguments.documents, columns=["docid"])["docid"])
        ranking = random_run(qids, docids, arguments.depth, np.random.default_rng(arguments.seed))
    with replacing(arguments.run) as path:
        write_run(ranking, path, tag=arguments.system)


if __name__ == "__main__":
    run(main)
