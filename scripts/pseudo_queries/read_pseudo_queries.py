"""Read the queries that were generated for a collection's documents elsewhere.

    python scripts read_pseudo_queries --file queries.jsonl.gz \\
        --documents results/mine/collection/documents.parquet \\
        --output results/mine/collection/pseudo-queries/file-0a1b2c3d.parquet

The file has JSON lines {"id", "predicted_queries"} (or docid, doc_id, _id; queries), or lines
docid<TAB>query with further queries behind further tabs, plain or gzipped.
"""

import logging
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.base.lines import FileFormatError
from dsi.pseudo_queries.files import known_queries, read_generated

logger = logging.getLogger(__name__)


def main() -> None:
    parser = command_parser(__doc__)
    parser.add_argument("--file", type=Path, required=True, help="JSON lines or TSV, plain or gzipped")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, query")
    arguments = parser.parse_args()

    docids = pd.read_parquet(arguments.documents, columns=["docid"])["docid"]
    try:
        known = known_queries(tqdm(read_generated(arguments.file), unit="query"), docids, str(arguments.file))
    except (FileFormatError, OSError) as error:
        raise UserError(str(error)) from error
    if known.unknown:
        logger.warning(
            "%s: left out the queries of %d docids that the collection does not have, for example %s",
            arguments.file,
            len(known.unknown),
            known.unknown[0],
        )
    reached = known.queries["docid"].nunique()
    logger.info("%d queries of %d of %d documents", len(known.queries), reached, len(docids))
    write_parquet(known.queries, arguments.output)


if __name__ == "__main__":
    run(main)
