"""Analyse the words of generated queries as the index does: what BM25 needs to score them.

    python scripts analyse_pseudo_queries --index results/collection/index/manifest.json \\
        --queries results/collection/pseudo-queries/file-0a1b2c3d.parquet \\
        --output results/collection/pseudo-queries/file-0a1b2c3d-words.parquet

Apart from export_bm25.py, so that another source of queries leaves the other baselines as they are.
"""

import logging
from pathlib import Path

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.lucene import LuceneError, analyse_words, verified_index

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: docid, query")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: word, terms")
    arguments = parser.parse_args()

    queries = pd.read_parquet(arguments.queries)["query"]
    words = sorted({word for query in queries for word in query.split()})
    try:
        terms = analyse_words(verified_index(arguments.index), words)
    except LuceneError as error:
        raise UserError(str(error)) from error
    logger.info("%d words", len(words))
    write_parquet(pd.DataFrame({"word": list(terms), "terms": list(terms.values())}), arguments.output)


if __name__ == "__main__":
    run(main)
