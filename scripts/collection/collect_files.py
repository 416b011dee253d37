"""Make the documents of a collection from a corpus: files, a download, or a dataset of ir_datasets.

A file has JSON lines {"id", "contents"} or {"_id", "title", "text"}, or lines docid<TAB>text, plain or
gzipped; a folder has such files, or text files (.txt, .md), a document each. A table with a header (.csv,
.tsv, .parquet) needs "columns": {"id": "page", "text": ["title", "body"]}. "queries_from" names the column
that is the query and no text, or first_sentence or heading, a part of the text. "repeated": "first" leaves
out documents whose docid occurred before, which are refused otherwise. A source is the path of a
file or of a folder, a url with sha256 or md5 and, if known, the size in bytes, or an id of ir_datasets
({"ir_datasets": "beir/nfcorpus"}).

Examples:
    python scripts collect_files --corpus '{"path": "docs/how-to"}' \\
        --cache results/downloads --output results/trial/documents.parquet

    python scripts collect_files --cache results/downloads --output results/trial/documents.parquet \\
        --corpus '{"path": "results/collection/documents.parquet",
            "columns": {"id": "docid", "text": ["text"]}}'
"""

import logging
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from dsi.base.command import UserError, command_parser, json_object, run
from dsi.base.lines import FileFormatError
from dsi.collection.datasets import CatalogueError
from dsi.collection.files import sorted_documents, write_documents
from dsi.collection.sources import FIRST, CollectionSource, documents_of
from dsi.collection.usable_texts import WordlessError, with_words
from dsi.collection.verification import DownloadError

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Where the documents come from, where downloads are kept, and the file to write."""

    corpus: CollectionSource
    cache: Path
    output: Path


def main() -> None:
    options = parse_options()
    try:
        corpus = documents_of(options.corpus, options.cache)
        documents = sorted_documents(
            tqdm(corpus.documents, unit="document"),
            corpus.origin,
            first_of_repeated=options.corpus.repeated == FIRST,
        )
        count = write_documents(with_words(documents, str(options.corpus)), options.output)
    except (DownloadError, FileFormatError, OSError, CatalogueError, WordlessError) as error:
        raise UserError(str(error)) from error
    logger.info("%d documents", count)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--corpus", type=json_object, required=True, help="source of the documents")
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps downloads")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, text")
    found = parser.parse_args()
    return Options(CollectionSource.of(found.corpus), found.cache, found.output)


if __name__ == "__main__":
    run(main)
