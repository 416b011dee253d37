"""Analyse the words of generated queries as the index does: what BM25 needs to score them.

    python scripts analyse_pseudo_queries --index results/collection/index/manifest.json \\
        --queries results/collection/pseudo-queries/file-0a1b2c3d.parquet \\
        --output results/collection/pseudo-queries/file-0a1b2c3d-words.parquet

A command apart from `export_bm25`, so that another source of queries leaves the baselines without any as they
are.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.lucene import LuceneError, analyse_words, verified_index

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """The index's manifest, the queries, and where to write."""

    manifest: Path
    queries: Path
    output: Path


def main() -> None:
    options = parse_options()
    queries = read_frame(options.queries)["query"]
    words = sorted({word for query in queries for word in query.split()})
    try:
        terms = analyse_words(verified_index(options.manifest), words)
    except LuceneError as error:
        raise UserError(str(error)) from error
    logger.info("%d words", len(words))
    write_parquet(pd.DataFrame({"word": list(terms), "terms": list(terms.values())}), options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--index", dest="manifest", type=Path, required=True, help="the index's manifest.json"
    )
    parser.add_argument("--queries", type=Path, required=True, help="parquet: docid, query")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: word, terms")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
