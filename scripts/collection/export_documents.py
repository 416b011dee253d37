"""Read the documents that a Lucene index stores.

The index must hold texts, as Pyserini's prebuilt ones do; what build_index makes holds none.

Examples:
    python scripts export_documents --index results/msmarco/collection/index/manifest.json \\
        --output results/trial/documents.parquet
"""

import logging
from pathlib import Path
from typing import NamedTuple

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.base.lines import FileFormatError
from dsi.bm25.lucene import LuceneError, stored_documents, verified_index
from dsi.collection.origin import check_id
from dsi.collection.usable_texts import WordlessError, check_words

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """The index's manifest, and the file to write."""

    manifest: Path
    output: Path


def main() -> None:
    options = parse_options()
    try:
        documents = stored_documents(verified_index(options.manifest))
        for docid in documents["docid"]:
            check_id("docid", docid, f"{options.manifest.parent}, an index")
        twice = documents["docid"][documents["docid"].duplicated()]
        if len(twice):
            raise FileFormatError(
                f"{options.manifest.parent}: found docid {twice.iloc[0]!r} twice, expected every docid once"
            )
        check_words(documents, str(options.manifest.parent))
    except (LuceneError, FileFormatError, WordlessError) as error:
        raise UserError(str(error)) from error
    logger.info("%d documents", len(documents))
    write_parquet(documents, options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument(
        "--index", dest="manifest", type=Path, required=True, help="the index's manifest.json"
    )
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, text")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
