"""Write BM25's lists of the validation and test queries as a TREC run.

    python scripts rank_bm25 --queries results/collection/queries.parquet \\
        --topk results/collection/topk.parquet --run results/runs/bm25.trec.gz
"""

from pathlib import Path
from typing import NamedTuple

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.evaluation.runs import RunFormatError
from dsi.ranking.references import write_bm25_run


class Arguments(NamedTuple):
    """queries, topk: parquet files; run: the file to write."""

    queries: Path
    topk: Path
    run: Path


def main() -> None:
    arguments = parse_arguments()
    try:
        write_bm25_run(read_frame(arguments.queries), read_frame(arguments.topk), arguments.run)
    except RunFormatError as error:
        raise UserError(str(error)) from error


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, split")
    parser.add_argument("--topk", type=Path, required=True, help="parquet: qid, rank, docid, score")
    parser.add_argument("--run", type=Path, required=True, help="TREC run to write (.gz)")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
