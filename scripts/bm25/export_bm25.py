"""Export BM25 as tables: the weight of every term in every document, and every word's terms.

    python scripts export_bm25 --index results/collection/index/manifest.json \\
        --documents results/collection/documents.parquet --queries results/collection/queries.parquet \\
        --k1 0.9 --b 0.4 --weights results/collection/bm25-weights.parquet \\
        --words results/collection/bm25-words.parquet

Training scores its pseudo-queries with them, without a JVM.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.export import exported_bm25
from dsi.bm25.lucene import LuceneError
from dsi.bm25.parameters import Bm25Parameters

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arguments:
    """index: its manifest; documents, queries: parquet files; weights, words: the files to write."""

    index: Path
    documents: Path
    queries: Path
    k1: float
    b: float
    weights: Path
    words: Path


def main() -> None:
    arguments = parse_arguments()
    try:
        exported = exported_bm25(
            arguments.index,
            read_frame(arguments.documents),
            read_frame(arguments.queries),
            Bm25Parameters(arguments.k1, arguments.b),
        )
    except LuceneError as error:
        raise UserError(str(error)) from error
    logger.info("%d weights of %d words", len(exported.weights), len(exported.words))
    write_parquet(exported.weights, arguments.weights)
    write_parquet(exported.words, arguments.words)


def parse_arguments() -> Arguments:
    parser = command_parser(__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text")
    parser.add_argument("--k1", type=float, required=True)
    parser.add_argument("--b", type=float, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="parquet to write")
    parser.add_argument("--words", type=Path, required=True, help="parquet to write")
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
