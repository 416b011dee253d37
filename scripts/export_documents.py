"""Read the documents that a Lucene index stores.

    python scripts/export_documents.py --index results/cacm/collection/index/manifest.json \\
        --output results/cacm/collection/documents.parquet
"""

import argparse
import logging
from pathlib import Path

from dsi.command import UserError, run
from dsi.files import write_parquet
from dsi.lucene import LuceneError, stored_documents, verified_index

logger = logging.getLogger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
