"""Read the documents that a Lucene index stores.

    python scripts export_documents --index results/cacm/collection/index/manifest.json \\
        --output results/cacm/collection/documents.parquet
"""

import logging
from pathlib import Path

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.bm25.lucene import LuceneError, stored_documents, verified_index

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the index's manifest.json")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, text")
    arguments = parser.parse_args()

    try:
        documents = stored_documents(verified_index(arguments.index))
    except LuceneError as error:
        raise UserError(str(error)) from error
    logger.info("%d documents", len(documents))
    write_parquet(documents, arguments.output)


if __name__ == "__main__":
    run(main)
