"""Read the queries that were generated for a collection's documents elsewhere.

    python scripts read_pseudo_queries --file queries.jsonl.gz \\
        --documents results/mine/collection/documents.parquet \\
        --output results/mine/collection/pseudo-queries/file-0a1b2c3d.parquet

The file has JSON lines {"id", "predicted_queries"} (or docid, doc_id, _id; queries), or lines
docid<TAB>query with further queries behind further tabs, plain or gzipped.
"""

import logging
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from dsi.base.artefacts import read_frame
from dsi.base.command import UserError, command_parser, run
from dsi.base.files import write_parquet
from dsi.base.lines import FileFormatError
from dsi.pseudo_queries.files import known_queries, read_generated

logger = logging.getLogger(__name__)


class Options(NamedTuple):
    """Which file, whose documents, and where to write."""

    file: Path
    documents: Path
    output: Path


def main() -> None:
    options = parse_options()
    docids = read_frame(options.documents, columns=["docid"])["docid"]
    try:
        known = known_queries(tqdm(read_generated(options.file), unit="query"), docids, str(options.file))
    except (FileFormatError, OSError) as error:
        raise UserError(str(error)) from error
    if known.unknown:
        logger.warning(
            "%s: left out the queries of %d docids that the collection does not have, for example %s",
            options.file,
            len(known.unknown),
            known.unknown[0],
        )
    reached = known.queries["docid"].nunique()
    logger.info("%d queries of %d of %d documents", len(known.queries), reached, len(docids))
    write_parquet(known.queries, options.output)


def parse_options() -> Options:
    parser = command_parser(__doc__)
    parser.add_argument("--file", type=Path, required=True, help="JSON lines or TSV, plain or gzipped")
    parser.add_argument("--documents", type=Path, required=True, help="parquet: docid, text")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write: docid, query")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    run(main)
