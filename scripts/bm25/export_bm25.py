"""Export BM25 as a table: the weight of every term in every document, and every word's terms.

    python scripts export_bm25 --index results/collection/index/manifest.json \\
        --documents results/collection/documents.parquet --queries results/collection/queries.parquet \\
        --k1 0.9 --b 0.4 --weights results/collection/bm25-weights.parquet \\
        --words results/collection/bm25-words.parquet

Training scores its pseudo-queries with it, without a JVM.
"""

import logging
from pathlib import Path

import pandas as pd

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.lucene import LuceneError, analyse_words, document_vectors, verified_index
from dsi.bm25.term_weights import term_weights

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--queries", type=Path, required=True, help="parquet: qid, text")
    parser.add_argument("--k1", type=float, required=True)
    parser.add_argument("--b", type=float, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="parquet to write")
    parser.add_argument("--words", type=Path, required=True, help="parquet to write")
    arguments = parser.parse_args()

    documents = pd.read_parquet(arguments.documents)
    queries = pd.read_parquet(arguments.queries)
    words = sorted({word for text in [*documents["text"], *queries["text"]] for word in text.split()})
    try:
        index = verified_index(arguments.index)
        vectors = document_vectors(index, list(documents["docid"]))
        terms = analyse_words(index, words)
    except LuceneError as error:
        raise UserError(str(error)) from error
    weights = term_weights(vectors, arguments.k1, arguments.b)
    logger.info("%d weights of %d words", len(weights), len(words))
    write_parquet(weights, arguments.weights)
    write_parquet(pd.DataFrame({"word": list(terms), "terms": list(terms.values())}), arguments.words)


if __name__ == "__main__":
    run(main)
