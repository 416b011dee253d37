"""BM25's ranked list of every query.

    python scripts search_bm25 --index results/collection/index/manifest.json \\
        --queries results/collection/queries.parquet --k1 0.9 --b 0.4 --depth 1000 \\
        --output results/collection/topk.parquet
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.lucene import LuceneError, search_bm25, verified_index

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arguments:
    """index: its manifest; queries: a parquet file; depth: documents per query; output: the file to write."""

    index: Path
    queries: Path
    k1: float
    b: float
    depth: int
    output: Path


def main() -> None:
    arguments = parse_arguments()
    queries = read_frame(arguments.queries)
    try:
        index = verified_index(arguments.index)
        ranking = search_bm25(index, queries, arguments.k1, arguments.b, arguments.depth)
    except LuceneError as error:
        raise UserError(str(error)) from error
    without = len(queries) - ranking["qid"].nunique()
    logger.info("%d rows; %d queries match no document", len(ranking), without)
    write_parquet(ranking, arguments.output)


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text")
    parser.add_argument("--k1", type=float, required=True)
    parser.add_argument("--b", type=float, required=True)
    parser.add_argument("--depth", type=int, required=True, help="documents per query")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
